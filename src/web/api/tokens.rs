//! Named API tokens: made, listed and revoked by the operator only, that is by whoever can read the file beside the data. A
//! token is shown once, when it is made.

use crate::config::limits::{PAGE_ROWS_MAX, TOKEN_TIME, TOKEN_TIME_MAX};
use crate::signin;
use crate::store::Token;
use crate::web::asked;
use crate::web::auth::{Caller, LOCAL};
use crate::web::error::Problem;
use crate::web::route::Route;
use crate::web::state::Web;
use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Characters of a token's or role's name.
const NAME_CHARS: usize = 40;

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/tokens", get(list))
            .says("The API tokens, without their secrets")
            .explains("For the operator only.")
            .answers::<Tokens>(200, "The newest 200, the ended ones too.")
            .problems(&[403]),
        Route::post("/api/v1/tokens", post(make))
            .says("Make an API token")
            .explains(
                "For the operator only. The secret is in this answer and nowhere else. A name is in use once, so that a \
                 request sent again makes no second token.",
            )
            .body::<TokenAsked>()
            .answers::<Made>(201, "It is made.")
            .problems(&[409]),
        Route::delete("/api/v1/tokens/{token}", delete(revoke))
            .says("Revoke an API token")
            .explains("For the operator only.")
            .path_parameter("token", "Its `id`, or the `name` of one in use.")
            .answers::<Token>(200, "It is revoked."),
    ]
}

/// A token to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an object with `name` and, where wanted, `role` and `expires_s`")]
struct TokenAsked {
    /// What it is for: a letter, then lower-case letters, digits, `-` `_` `.`; at most 40 characters.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_.-]{0,39}$"))]
    name: String,
    /// The configured role its holder has.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_.-]{0,39}$"))]
    role: Option<String>,
    /// After how many seconds it runs out; 90 days if not given, at most 366.
    #[schemars(range(min = 60, max = 31_622_400))]
    expires_s: Option<u64>,
}

/// A token with its secret.
#[derive(Debug, Serialize, JsonSchema)]
struct Made {
    /// What to send as `Authorization: Bearer …`. It is shown this once.
    secret: String,
    /// The token.
    token: Token,
}

/// Tokens without their secrets.
#[derive(Debug, Serialize, JsonSchema)]
struct Tokens {
    /// Newest first.
    tokens: Vec<Token>,
}

async fn list(State(web): State<Web>, caller: Caller) -> Result<Json<Tokens>, Problem> {
    caller.must_be_operator("Looking at the tokens")?;
    Ok(Json(Tokens { tokens: web.store.tokens(PAGE_ROWS_MAX).await? }))
}

async fn make(State(web): State<Web>, caller: Caller, body: Body) -> Result<(StatusCode, Json<Made>), Problem> {
    caller.must_be_operator("Making tokens")?;
    let TokenAsked { name, role, expires_s } = asked::json(body).await?;
    word("name", &name)?;
    if let Some(role) = &role {
        word("role", role)?;
    }
    if name == LOCAL {
        return Err(Problem::unfit("name", "`local` is the operator's own token; choose another name."));
    }
    let lasts = expires_s.map_or(TOKEN_TIME, Duration::from_secs);
    if !(Duration::from_secs(60)..=TOKEN_TIME_MAX).contains(&lasts) {
        let most = TOKEN_TIME_MAX.as_secs() / 86_400;
        return Err(Problem::unfit("expires_s", format!("`expires_s` is at least 60, and at most {most} days.")));
    }
    let made = signin::new_token(&web.store, &name, role, lasts, &caller.person.id).await?;
    let (secret, token) = made.ok_or_else(|| taken(&name))?;
    Ok((StatusCode::CREATED, Json(Made { secret, token })))
}

fn taken(name: &str) -> Problem {
    Problem::conflict("name", format!("A token `{name}` is in use: revoke it first, or choose another name."))
}

async fn revoke(
    State(web): State<Web>,
    caller: Caller,
    token: Result<Path<String>, PathRejection>,
) -> Result<Json<Token>, Problem> {
    caller.must_be_operator("Revoking tokens")?;
    let unknown = || Problem::not_found("No such token is in use.");
    let token = token.ok().map(|Path(token)| token).filter(|token| token.len() <= 64 && token.is_ascii());
    let token = token.filter(|token| !token.bytes().any(|b| b.is_ascii_control())).ok_or_else(unknown)?;
    signin::revoke_token(&web.store, token, &caller.person.id).await?.map(Json).ok_or_else(unknown)
}

/// A name that people can type and no program mistakes for something else.
fn word(field: &str, text: &str) -> Result<(), Problem> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    let good = text.starts_with(|c: char| c.is_ascii_lowercase()) && text.len() <= NAME_CHARS && text.chars().all(fits);
    if good {
        return Ok(());
    }
    let detail =
        format!("`{field}` is a letter, then lower-case letters, digits, - _ . ; at most {NAME_CHARS} in all.");
    Err(Problem::unfit(field, detail))
}
