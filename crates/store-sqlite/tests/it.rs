//! The store over real files and real processes.

mod it {
    mod files;
    mod full;
    mod kill;
    mod restart;
    mod support;
    mod trouble;
}
