//! What a Redis says of itself: `INFO`, over as much of its protocol as that needs. A server that cannot be reached says nothing.

use super::{Finding, Said};
use crate::config::limits::PROBE_ANSWER_BYTES;
use crate::config::probes::{Address, RedisRead};
use serde_json::json;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use url::Url;

/// Bytes of a line of the protocol: a length, a word or an error.
const LINE_BYTES: u64 = 4096;
/// The counters of which the hit ratio is made.
const LOOKUPS: [&str; 2] = ["keyspace_hits", "keyspace_misses"];

pub(super) async fn look(address: &Address, read: &RedisRead) -> Finding {
    let info = match info(address).await {
        Ok(info) => info,
        Err(why) => return Finding::unknown(why),
    };
    match read {
        RedisRead::Field(name) => Finding::number(field(&info, name)),
        RedisRead::HitRatio => match (field(&info, LOOKUPS[0]), field(&info, LOOKUPS[1])) {
            (Ok(hits), Ok(misses)) => {
                // What they are a ratio of is known when the window's first are beside them.
                Finding { sample: json!([hits, misses]).to_string(), ..Finding::new(Said::Number(0.0), "") }
            }
            (Err(why), _) | (_, Err(why)) => Finding::unknown(why),
        },
    }
}

/// A field's number; `12.5%` is one too.
fn field(info: &str, name: &str) -> Result<f64, String> {
    let found = info.lines().find_map(|line| line.trim_end().strip_prefix(name)?.strip_prefix(':'));
    let text = found.ok_or_else(|| format!("INFO has no field {name}"))?;
    let number = text.strip_suffix('%').unwrap_or(text).parse::<f64>();
    number.map_err(|_| format!("the field {name} is no number"))
}

async fn info(address: &Address) -> Result<String, String> {
    let url = Url::parse(address.expose()).map_err(|_| "its address is no URL".to_owned())?;
    let (host, port) = address.host_and_port().ok_or("its address has no host")?;
    let stream = TcpStream::connect((host.as_str(), port)).await;
    let stream = stream.map_err(|error| format!("{host}:{port} cannot be reached: {error}"))?;
    let mut stream = BufReader::new(stream);
    if let Some(password) = url.password().map(decoded) {
        let user = decoded(url.username());
        let words: Vec<&str> = match user.is_empty() {
            true => vec!["AUTH", &password],
            false => vec!["AUTH", &user, &password],
        };
        command(&mut stream, &words).await?;
    }
    command(&mut stream, &["INFO", "everything"]).await
}

fn decoded(text: &str) -> String {
    let form = format!("p={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(form.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

async fn command(stream: &mut BufReader<TcpStream>, words: &[&str]) -> Result<String, String> {
    let mut sent = format!("*{}\r\n", words.len());
    for word in words {
        sent.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    stream.get_mut().write_all(sent.as_bytes()).await.map_err(|error| format!("it broke off: {error}"))?;
    reply(stream).await
}

/// A word, or a text of a length that is said first. Nothing else is an answer to what we ask.
async fn reply(stream: &mut (impl AsyncBufRead + Unpin)) -> Result<String, String> {
    let broke = |error: std::io::Error| format!("it broke off: {error}");
    let mut line = Vec::new();
    (&mut *stream).take(LINE_BYTES).read_until(b'\n', &mut line).await.map_err(broke)?;
    let line = String::from_utf8_lossy(&line).into_owned();
    let Some(line) = line.strip_suffix("\r\n") else { return Err("it does not speak as Redis does".to_owned()) };
    let mut characters = line.chars();
    match (characters.next(), characters.as_str()) {
        (Some('+'), word) => Ok(word.to_owned()),
        (Some('-'), error) => Err(format!("it refuses: {error}")),
        (Some('$'), length) => {
            let length = length.parse::<usize>().ok().filter(|length| *length <= PROBE_ANSWER_BYTES);
            let length = length.ok_or("it answers with more than INFO is long")?;
            let mut text = vec![0; length + 2];
            stream.read_exact(&mut text).await.map_err(broke)?;
            text.truncate(length);
            Ok(String::from_utf8_lossy(&text).into_owned())
        }
        _ => Err("it does not speak as Redis does".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let info =
            "# Memory\r\nused_memory_rss:7\r\nused_memory:1048576\r\nused_memory_dataset_perc:12.5%\r\nrole:master\r\n";
        assert_eq!(field(info, "used_memory"), Ok(1_048_576.0));
        assert_eq!(field(info, "used_memory_dataset_perc"), Ok(12.5));
        assert_eq!(field(info, "role").unwrap_err(), "the field role is no number");
        assert_eq!(field(info, "memory").unwrap_err(), "INFO has no field memory");
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'$'), Just(b'\r'), Just(b'\n'), b'0'..=b'9'], 0..60)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _ = runtime.block_on(reply(&mut &bytes[..]));
            let whole = [b"$3\r\n".as_slice(), b"abc\r\n"].concat();
            prop_assert_eq!(runtime.block_on(reply(&mut &whole[..])), Ok("abc".to_owned()));
        }
    }
}
