//! Where a project's models live: host, version, project, location.

use interline_core::{Error, Result};
use interline_transport::join_url;

/// The location whose requests go wherever there is room.
pub(crate) const GLOBAL: &str = "global";

/// Locations that stand for several regions and have hosts of their own form.
const MULTI_REGIONS: [&str; 2] = ["us", "eu"];

/// Versions that users copy behind the host; paths begin with one anyway.
const VERSIONS: [&str; 2] = ["/v1beta1", "/v1"];

/// The version of the API that is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApiVersion {
    /// `v1`.
    #[default]
    V1,
    /// `v1beta1`, where previews come first.
    V1Beta1,
}

impl ApiVersion {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V1Beta1 => "v1beta1",
        }
    }
}

/// Where a project's models live.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    host: String,
    project: String,
    /// Address up to and with the location.
    root: String,
}

impl Place {
    /// # Errors
    /// `InvalidRequest` where project or location cannot stand in an address.
    pub(crate) fn new(
        base_url: Option<&str>,
        version: ApiVersion,
        project: &str,
        location: &str,
    ) -> Result<Self> {
        check("project", project, "a project's id, such as my-project")?;
        check(
            "location",
            location,
            "a location, such as global or us-east5",
        )?;
        let host = match base_url {
            Some(base_url) => bare(base_url).to_owned(),
            None => format!("https://{}", host_of(location)),
        };
        let path = format!(
            "{}/projects/{project}/locations/{location}",
            version.as_str()
        );
        let root = join_url(&host, &path);
        Ok(Self {
            host,
            project: project.to_owned(),
            root,
        })
    }

    /// Below which the models of a publisher live, as `models/…`.
    pub(crate) fn publisher(&self, publisher: &str) -> String {
        join_url(&self.root, &format!("publishers/{publisher}"))
    }

    /// Below which open models speak Chat Completions.
    pub(crate) fn open_models(&self) -> String {
        join_url(&self.root, "endpoints/openapi")
    }

    /// The list of a publisher's models, which belongs to no project and exists in `v1beta1` alone.
    pub(crate) fn catalog(&self, publisher: &str, query: &str) -> String {
        let path = format!("v1beta1/publishers/{publisher}/models?{query}");
        join_url(&self.host, &path)
    }

    pub(crate) fn project(&self) -> &str {
        &self.project
    }
}

fn host_of(location: &str) -> String {
    match location {
        GLOBAL => "aiplatform.googleapis.com".to_owned(),
        many if MULTI_REGIONS.contains(&many) => format!("aiplatform.{many}.rep.googleapis.com"),
        region => format!("{region}-aiplatform.googleapis.com"),
    }
}

/// The host without a version behind it.
fn bare(base_url: &str) -> &str {
    let base_url = base_url.trim_end_matches('/');
    VERSIONS
        .iter()
        .find_map(|version| base_url.strip_suffix(version))
        .unwrap_or(base_url)
}

fn check(name: &str, value: &str, expected: &str) -> Result<()> {
    // Older projects are named like `example.com:my-project`.
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    let leaves = value.chars().all(|c| c == '.');
    if value.is_empty() || leaves || !value.chars().all(plain) {
        return Err(
            Error::invalid_request(format!("{name} is `{value}`; write {expected}"))
                .with_param(name),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_root(base_url: Option<&str>, version: ApiVersion, location: &str, root: &str) {
        let place = Place::new(base_url, version, "p", location).expect("a good place");
        assert_eq!(place.root, root);
    }

    #[test]
    fn the_location_decides_the_host() {
        let v1 = ApiVersion::V1;
        check_root(
            None,
            v1,
            "global",
            "https://aiplatform.googleapis.com/v1/projects/p/locations/global",
        );
        check_root(
            None,
            v1,
            "us-east5",
            "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5",
        );
        check_root(
            None,
            ApiVersion::V1Beta1,
            "eu",
            "https://aiplatform.eu.rep.googleapis.com/v1beta1/projects/p/locations/eu",
        );
        for base_url in ["https://proxy.example/x", "https://proxy.example/x/v1/"] {
            check_root(
                Some(base_url),
                v1,
                "global",
                "https://proxy.example/x/v1/projects/p/locations/global",
            );
        }
    }

    #[test]
    fn a_name_that_would_change_the_address_is_refused() {
        for (project, location, param) in [
            ("a/b", "global", "project"),
            ("", "global", "project"),
            ("p", "..", "location"),
            ("p", "us?x", "location"),
        ] {
            let error = Place::new(None, ApiVersion::V1, project, location).expect_err("refused");
            assert_eq!(error.param(), Some(param));
        }
    }
}
