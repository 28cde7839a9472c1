//! Signature version 4, for connections with an access key instead of a bearer key.
//!
//! `aws-sigv4` does the signing. The address is signed as it is sent: encoded once, which Bedrock, like
//! every service but S3, wants encoded again under the signature.

use std::fmt;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::{HeaderName, HeaderValue, header};
use interline_core::{Error, ErrorKind, Result};
use interline_transport::HttpRequest;
use secrecy::{ExposeSecret, SecretString};

/// The service that signatures are for, of the runtime and of the control plane alike.
const SERVICE: &str = "bedrock";

/// Headers whose values must not be shown.
const SECRET_HEADERS: [&str; 2] = ["authorization", "x-amz-security-token"];

/// Signs requests with one access key for one region.
pub(crate) struct Signer {
    credentials: Credentials,
    region: String,
}

impl Signer {
    pub(crate) fn new(
        access_key_id: &str,
        secret_access_key: &SecretString,
        session_token: Option<&SecretString>,
        region: impl Into<String>,
    ) -> Self {
        let token = session_token.map(|token| token.expose_secret().to_owned());
        let secret = secret_access_key.expose_secret();
        Self {
            credentials: Credentials::new(access_key_id, secret, token, None, "interline"),
            region: region.into(),
        }
    }

    /// The request with its signature, made at `now`.
    ///
    /// Signed are the address, the body, the content type and every `x-amz-` header; others may change
    /// on the way.
    ///
    /// # Errors
    /// `Internal` where the request cannot be signed.
    pub(crate) fn sign(&self, mut request: HttpRequest, now: SystemTime) -> Result<HttpRequest> {
        let failed = |source: &dyn fmt::Display| {
            let message = format!("the request to Bedrock cannot be signed: {source}");
            Error::new(ErrorKind::Internal, message)
        };
        let identity = self.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(SERVICE)
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .map_err(|source| failed(&source))?;
        let signed = request.headers.iter().filter_map(|(name, value)| {
            let is_signed = *name == header::CONTENT_TYPE || name.as_str().starts_with("x-amz-");
            Some((name.as_str(), value.to_str().ok()?)).filter(|_| is_signed)
        });
        let body = SignableBody::Bytes(&request.body);
        let signable =
            SignableRequest::new(request.method.as_str(), request.url.as_str(), signed, body)
                .map_err(|source| failed(&source))?;
        let output = sign(signable, &params.into()).map_err(|source| failed(&source))?;
        let (instructions, _) = output.into_parts();
        for (name, value) in instructions.headers() {
            let name: HeaderName = name.parse().map_err(|source| failed(&source))?;
            let mut value = HeaderValue::from_str(value).map_err(|source| failed(&source))?;
            value.set_sensitive(SECRET_HEADERS.contains(&name.as_str()));
            request.headers.insert(name, value);
        }
        Ok(request)
    }
}

impl fmt::Debug for Signer {
    /// Leaves the keys out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use interline_transport::Accept;

    use super::*;

    /// The example key of AWS's own test suite.
    const KEY: &str = "AKIDEXAMPLE";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn signed(request: HttpRequest, token: Option<&str>) -> HttpRequest {
        let token = token.map(SecretString::from);
        let signer = Signer::new(
            KEY,
            &SecretString::from(SECRET),
            token.as_ref(),
            "us-east-1",
        );
        // 2015-08-30 12:36:00 UTC, the instant of that suite.
        let now = UNIX_EPOCH + Duration::from_secs(1_440_938_160);
        signer.sign(request, now).expect("signed")
    }

    fn post(path: &str) -> HttpRequest {
        let url = format!("https://bedrock-runtime.us-east-1.amazonaws.com{path}");
        HttpRequest::post_json(url, r#"{"messages":[]}"#, Accept::Json)
    }

    #[track_caller]
    fn check(request: HttpRequest, token: Option<&str>, headers: &str, signature: &str) {
        let request = signed(request, token);
        let expected = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/bedrock/aws4_request, \
             SignedHeaders={headers}, Signature={signature}"
        );
        assert_eq!(request.headers["authorization"], expected);
        assert_eq!(request.headers["x-amz-date"], "20150830T123600Z");
    }

    /// The signatures were computed by botocore 1.43.11 for the same requests.
    #[test]
    fn signatures_agree_with_another_implementation() {
        check(
            post("/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse"),
            None,
            "content-type;host;x-amz-date",
            "3e7c3d38d00cf2c7468da39bb074c5c4afac0a664438a8f3c28d0a75a65f2c42",
        );
        check(
            post(
                "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A111122223333%3A\
                 application-inference-profile%2Fa1b2/converse-stream",
            ),
            Some("token"),
            "content-type;host;x-amz-date;x-amz-security-token",
            "64a0c54abffff530c6940cd8e4297334a1d8095991ddcdf28188cc374ce851cd",
        );
        check(
            HttpRequest::get("http://127.0.0.1:8080/proxy/async-invoke?maxResults=1"),
            None,
            "host;x-amz-date",
            "775a6117ebabccc97ffebdbbfb4580fb9df25b76acc3b82977da8be496feebf2",
        );
    }

    #[test]
    fn secrets_are_marked_and_never_shown() {
        let request = signed(post("/model/m/converse"), Some("token"));
        for name in SECRET_HEADERS {
            assert!(request.headers[name].is_sensitive(), "{name}");
        }
        let signer = Signer::new(KEY, &SecretString::from(SECRET), None, "us-east-1");
        let shown = format!("{signer:?} {request:?}");
        assert!(
            !shown.contains("AKID") && !shown.contains("wJal"),
            "{shown}"
        );
    }

    #[test]
    fn only_what_stays_on_the_way_is_signed() {
        let more =
            |name: &'static str| (HeaderName::from_static(name), HeaderValue::from_static("v"));
        let (own, amazons) = (more("x-team"), more("x-amz-meta"));
        let request = post("/model/m/converse")
            .with_header(own.0, own.1)
            .with_header(amazons.0, amazons.1);
        let request = signed(request, None);
        let signature = request.headers["authorization"].to_str().expect("text");
        let names = "SignedHeaders=content-type;host;x-amz-date;x-amz-meta,";
        assert!(signature.contains(names), "{signature}");
    }
}
