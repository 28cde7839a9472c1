//! Where Bedrock is: the runtime that answers, and the control plane that lists models.

use interline_core::{Error, Result};
use interline_transport::join_url;
use url::Url;

/// Hosts of Amazon's own runtimes begin so, and its control planes with the other.
const HOSTS: [(&str, &str); 2] = [
    ("bedrock-runtime.", "bedrock."),
    ("bedrock-runtime-fips.", "bedrock-fips."),
];

/// Where Bedrock is. The addresses are normalised, so that what is signed is what is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    runtime: String,
    control: String,
}

impl Address {
    /// Amazon's own endpoints in a region.
    ///
    /// # Errors
    /// `InvalidRequest` where the region cannot be one.
    pub(crate) fn of_region(region: &str) -> Result<Self> {
        check_region(region)?;
        let domain = if region.starts_with("cn-") {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        };
        Ok(Self {
            runtime: format!("https://bedrock-runtime.{region}.{domain}"),
            control: format!("https://bedrock.{region}.{domain}"),
        })
    }

    /// A runtime at an address of the user's. The control plane is beside it where the host is one of
    /// Amazon's own, and else behind the same address: a proxy's.
    ///
    /// # Errors
    /// `InvalidRequest` where it is no address.
    pub(crate) fn at(base_url: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid_request(
                "base_url is not an address; write the runtime's, such as \
                 https://bedrock-runtime.us-east-1.amazonaws.com",
            )
            .with_param("base_url")
        };
        let runtime = Url::parse(base_url).map_err(|_| wrong())?;
        let host = runtime.host_str().ok_or_else(wrong)?;
        let beside = HOSTS.iter().find_map(|(own, other)| {
            let rest = host.strip_prefix(own)?;
            rest.contains("amazonaws.com")
                .then(|| format!("{other}{rest}"))
        });
        let mut control = runtime.clone();
        if let Some(host) = beside {
            control.set_host(Some(&host)).map_err(|_| wrong())?;
        }
        let text = |url: Url| url.as_str().trim_end_matches('/').to_owned();
        Ok(Self {
            runtime: text(runtime),
            control: text(control),
        })
    }

    /// The address of an operation on a model.
    ///
    /// # Errors
    /// `InvalidRequest` where the name could not stand in a path.
    pub(crate) fn of_model(&self, model: &str, operation: &str) -> Result<String> {
        if matches!(model, "" | "." | "..") {
            let message = format!("model `{model}` is no name of a model");
            return Err(Error::invalid_request(message).with_param("model"));
        }
        let name = in_path(model);
        Ok(join_url(
            &self.runtime,
            &format!("model/{name}/{operation}"),
        ))
    }

    /// The address of a path of the runtime.
    pub(crate) fn of_runtime(&self, path: &str) -> String {
        join_url(&self.runtime, path)
    }

    /// The address of a path of the control plane.
    pub(crate) fn of_control(&self, path: &str) -> String {
        join_url(&self.control, path)
    }
}

/// # Errors
/// `InvalidRequest` where the region cannot be one.
pub(crate) fn check_region(region: &str) -> Result<()> {
    let may_stand = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if region.is_empty() || !region.bytes().all(may_stand) {
        let message = format!("region `{region}` is no region; write one such as us-east-1");
        return Err(Error::invalid_request(message).with_param("region"));
    }
    Ok(())
}

/// The text as one segment of a path, or as a value of a query: a name or ARN cannot leave its place.
pub(crate) fn in_path(text: &str) -> String {
    let mut path = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: Result<Address>, runtime: &str, control: &str) {
        let address = address.expect("an address");
        assert_eq!(
            (address.runtime.as_str(), address.control.as_str()),
            (runtime, control)
        );
    }

    #[test]
    fn the_control_plane_is_beside_amazons_own_runtimes() {
        check(
            Address::of_region("us-east-1"),
            "https://bedrock-runtime.us-east-1.amazonaws.com",
            "https://bedrock.us-east-1.amazonaws.com",
        );
        check(
            Address::of_region("cn-north-1"),
            "https://bedrock-runtime.cn-north-1.amazonaws.com.cn",
            "https://bedrock.cn-north-1.amazonaws.com.cn",
        );
        check(
            Address::at("https://BEDROCK-runtime-fips.us-west-2.amazonaws.com:443/"),
            "https://bedrock-runtime-fips.us-west-2.amazonaws.com",
            "https://bedrock-fips.us-west-2.amazonaws.com",
        );
        let proxy = "http://127.0.0.1:8080/aws%20eu";
        check(Address::at("http://127.0.0.1:8080/aws eu/"), proxy, proxy);
    }

    #[test]
    fn names_and_arns_cannot_leave_their_place() {
        let address = Address::at("http://h/p").expect("an address");
        let of_model = |model| address.of_model(model, "converse");
        assert_eq!(
            of_model("us.amazon.nova-lite-v1:0").expect("a name"),
            "http://h/p/model/us.amazon.nova-lite-v1%3A0/converse"
        );
        assert_eq!(
            of_model("arn:aws:bedrock:r:1:prompt/a?b#c%").expect("a name"),
            "http://h/p/model/arn%3Aaws%3Abedrock%3Ar%3A1%3Aprompt%2Fa%3Fb%23c%25/converse"
        );
        for bad in ["", ".", ".."] {
            assert_eq!(of_model(bad).expect_err("refused").param(), Some("model"));
        }
    }

    #[test]
    fn what_is_no_region_or_address_is_refused() {
        for bad in ["", "us-east-1.evil.example/", "US"] {
            let error = Address::of_region(bad).expect_err("refused");
            assert_eq!(error.param(), Some("region"));
        }
        for bad in ["bedrock", "data:text"] {
            let error = Address::at(bad).expect_err("refused");
            assert_eq!(error.param(), Some("base_url"));
        }
    }
}
