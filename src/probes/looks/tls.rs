//! Until when a server's certificate is good. Who signed it is not asked: an authority of the house's own expires like any other. That
//! the server has its key is.

use super::Finding;
use crate::config::probes::Address;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// The most that one read takes.
const PIECE: usize = 16 * 1024;

pub(super) async fn look(address: &Address, now_s: i64) -> Finding {
    Finding::number(match certificate(address).await {
        Ok(certificate) => seconds_left(&certificate, now_s),
        Err(why) => Err(why),
    })
}

/// How many seconds are left; of one that has expired, fewer than none.
fn seconds_left(certificate: &[u8], now_s: i64) -> Result<f64, String> {
    let read = Certificate::from_der(certificate).map_err(|_| "its certificate cannot be read".to_owned())?;
    let until = read.tbs_certificate.validity.not_after.to_unix_duration().as_secs();
    #[expect(clippy::cast_precision_loss, reason = "seconds since the epoch are far below 2^52")]
    Ok((i64::try_from(until).unwrap_or(i64::MAX) - now_s) as f64)
}

/// Shakes hands, and no more.
async fn certificate(address: &Address) -> Result<Vec<u8>, String> {
    let (host, port) = address.host_and_port().ok_or("its address has no host")?;
    let stream = TcpStream::connect((host.as_str(), port)).await;
    let mut stream = stream.map_err(|error| format!("{host}:{port} cannot be reached: {error}"))?;
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(AnyAuthority(provider.signature_verification_algorithms));
    let name = ServerName::try_from(host).map_err(|_| "its host is no name".to_owned())?;
    let tls = |error: rustls::Error| format!("it does not shake hands: {error}");
    let config = ClientConfig::builder_with_provider(CryptoProvider::clone(&provider).into())
        .with_safe_default_protocol_versions()
        .map_err(tls)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(tls)?;
    let broke = |error: std::io::Error| format!("it broke off: {error}");
    let mut piece = vec![0; PIECE];
    while connection.is_handshaking() {
        let mut out = Vec::new();
        while connection.wants_write() {
            connection.write_tls(&mut out).map_err(broke)?;
        }
        stream.write_all(&out).await.map_err(broke)?;
        if !connection.is_handshaking() {
            break;
        }
        let count = stream.read(&mut piece).await.map_err(broke)?;
        if count == 0 {
            return Err("it broke off amid the handshake".to_owned());
        }
        let mut came = &piece[..count];
        while !came.is_empty() {
            connection.read_tls(&mut came).map_err(broke)?;
            connection.process_new_packets().map_err(tls)?;
        }
    }
    let first = connection.peer_certificates().and_then(<[_]>::first);
    first.map(|certificate| certificate.to_vec()).ok_or_else(|| "it shows no certificate".to_owned())
}

/// Takes any authority's word, and nobody's but the key's owner.
#[derive(Debug)]
struct AnyAuthority(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for AnyAuthority {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
