//! An S3 server in this process, over a folder.

use hyper_util::rt::TokioIo;
use std::path::Path;

/// What requests are signed with.
pub const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "id-of-ours"), ("AWS_SECRET_ACCESS_KEY", "hunter2-hunter2")];
/// The bucket.
pub const BUCKET: &str = "artifacts";

/// Serves a folder for as long as the runtime lives; its address.
pub async fn serve(folder: &Path) -> String {
    std::fs::create_dir_all(folder.join(BUCKET)).expect("a bucket");
    let mut service = s3s::service::S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder).expect("a file system"));
    service.set_auth(s3s::auth::SimpleAuth::from_single(KEYS[0].1, KEYS[1].1));
    let service = service.build();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let serve =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service.clone());
            tokio::spawn(serve);
        }
    });
    format!("http://{address}")
}
