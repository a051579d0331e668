//! The API as schemathesis reads its description: whatever fits or does not fit is answered as described.

use super::Bell;
use std::path::Path;
use std::process::Command;

/// Paths whose answers never end, or that end the caller's own way in.
const LEFT_OUT: &str = "^/api/v1/(console/stream|changes)$|^/login/|^/logout$";

/// No 5xx, no status, media type or shape that is not described, nothing without a token, `405` with `Allow`.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,ignored_auth,unsupported_method,allow_header_conformance";

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_is_answered_as_described() {
    let bell = Bell::ring().await;
    bell.types("ana", "/sev declare sev1 checkout is down");
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/schemathesis/bin/schemathesis");
    assert!(program.exists(), "schemathesis is not there; `scripts/prepare.sh browser` fetches it");
    let output = Command::new(program)
        .current_dir(bell.home.folder.path())
        .arg("run")
        .arg(format!("{}/api/openapi.json", bell.address()))
        .args(["--header", &format!("Authorization: Bearer {}", bell.process.token())])
        .args(["--checks", CHECKS])
        .args(["--exclude-path-regex", LEFT_OUT])
        .args([
            "--phases",
            "examples,coverage,fuzzing",
            "--max-examples",
            "12",
            "--request-timeout",
            "20",
            "--seed",
            "7",
            "--no-color",
        ])
        .args(["--suppress-health-check", "all"])
        .output()
        .expect("schemathesis starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    bell.end().await;
}
