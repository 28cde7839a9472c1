//! The official Python SDKs against a gateway process with simulated vendors behind it.

use interline_tests::house::House;
use interline_tests::python::Python;

async fn run(script: &'static str) {
    let Some(python) = tokio::task::spawn_blocking(Python::or_skip)
        .await
        .expect("the set-up does not panic")
    else {
        return;
    };
    let house = House::start().await;
    let url = house.url().to_owned();
    tokio::task::spawn_blocking(move || {
        python
            .run(script, &[], &[("INTERLINE_BASE_URL", &url)])
            .assert_success();
    })
    .await
    .expect("the script succeeds");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_openai_sdk_is_served() {
    run("openai_sdk.py").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_anthropic_sdk_is_served() {
    run("anthropic_sdk.py").await;
}
