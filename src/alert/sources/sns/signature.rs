//! SNS's signature: RSA over some of the envelope's fields, by a certificate that only Amazon's own hosts may serve.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>

use super::Envelope;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use url::Url;

/// What is signed, in this order, as name and value on lines of their own.
const NOTIFICATION: [&str; 6] = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const CONFIRMATION: [&str; 7] = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/// Whether an address is one of SNS's own: `https://sns.REGION.amazonaws.com/…`, or the same in China.
pub(super) fn is_sns(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let region = host
        .strip_prefix("sns.")
        .and_then(|rest| rest.strip_suffix(".amazonaws.com").or_else(|| rest.strip_suffix(".amazonaws.com.cn")));
    let plain = |region: &str| !region.is_empty() && region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && region.is_some_and(plain)
}

/// Where the certificate lies that an envelope names, if Amazon serves it.
///
/// # Errors
/// A sentence without its end: the envelope names none, or one of somebody else's.
pub fn certificate_address(envelope: &Envelope) -> Result<Url, String> {
    let written = envelope.field("SigningCertURL").or_else(|| envelope.field("SigningCertUrl"));
    let url = written.and_then(|url| Url::parse(url).ok()).ok_or("the envelope names no certificate")?;
    match is_sns(&url) && url.path().ends_with(".pem") {
        true => Ok(url),
        false => Err("its certificate lies elsewhere than with Amazon".to_owned()),
    }
}

/// The RSA key of a certificate in PEM, as DER.
///
/// # Errors
/// A sentence without its end: it is no such certificate.
pub fn key_of(certificate: &[u8]) -> Result<Vec<u8>, String> {
    let certificate = CertificateDer::from_pem_slice(certificate).map_err(|_| "its certificate cannot be read")?;
    let parsed = webpki::EndEntityCert::try_from(&certificate).map_err(|_| "its certificate cannot be read")?;
    let info = parsed.subject_public_key_info();
    rsa_key(&info).map(<[u8]>::to_vec).ok_or_else(|| "its certificate holds no RSA key".to_owned())
}

/// Checks an envelope against the key of its certificate, from [`key_of`].
///
/// # Errors
/// A sentence without its end: why it does not hold.
pub fn verify(envelope: &Envelope, key: &[u8]) -> Result<(), String> {
    let written = envelope.field("Signature").ok_or("it is not signed")?;
    let signature = BASE64_STANDARD.decode(written).map_err(|_| "its signature is not base64")?;
    let signed = signed(envelope);
    let holds = match envelope.field("SignatureVersion") {
        // What topics use that nobody has changed. SHA-1 is weak against who makes both texts; here one is Amazon's.
        Some("1") => {
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, key).verify(&signed, &signature)
        }
        Some("2") => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(&signed, &signature),
        _ => return Err("its signature is of an unknown version".to_owned()),
    };
    holds.map_err(|_| "its signature does not hold".to_owned())
}

fn signed(envelope: &Envelope) -> Vec<u8> {
    let names = if envelope.kind == "Notification" { &NOTIFICATION[..] } else { &CONFIRMATION[..] };
    let mut text = Vec::new();
    for name in names {
        // A subject is signed only where there is one.
        let Some(value) = envelope.field(name) else { continue };
        for line in [*name, value] {
            text.extend_from_slice(line.as_bytes());
            text.push(b'\n');
        }
    }
    text
}

/// The RSA key within a `SubjectPublicKeyInfo`: a sequence of an algorithm and a bit string (RFC 5280, 4.1).
fn rsa_key(info: &[u8]) -> Option<&[u8]> {
    /// 1.2.840.113549.1.1.1, as it stands in the algorithm.
    const RSA: [u8; 11] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    let (body, _) = element(info, 0x30)?;
    let (algorithm, rest) = element(body, 0x30)?;
    if !algorithm.starts_with(&RSA) {
        return None;
    }
    let (bits, _) = element(rest, 0x03)?;
    // The first octet says how many bits are unused: none.
    bits.strip_prefix(&[0])
}

/// The content of a DER element of this tag, and what follows it.
fn element(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = input.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => (usize::from(*rest.first()?) << 8 | usize::from(*rest.get(1)?), rest.get(2..)?),
        _ => return None,
    };
    (first == tag).then(|| rest.split_at_checked(length)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_amazons_own_addresses_are_believed() {
        for (address, is) in [
            ("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem", true),
            ("https://sns.cn-north-1.amazonaws.com.cn/x.pem", true),
            ("http://sns.eu-west-1.amazonaws.com/x.pem", false),
            ("https://sns.eu-west-1.amazonaws.com.evil.example/x.pem", false),
            ("https://evil.example/sns.eu-west-1.amazonaws.com/x.pem", false),
            ("https://sns.evil.example#.amazonaws.com/x.pem", false),
            ("https://sns.eu-west-1.amazonaws.com@evil.example/x.pem", false),
            ("https://sns.a.b.amazonaws.com/x.pem", false),
            ("https://bucket.s3.amazonaws.com/x.pem", false),
        ] {
            assert_eq!(Url::parse(address).is_ok_and(|url| is_sns(&url)), is, "{address}");
        }
    }
}
