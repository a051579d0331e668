//! Where requests may go, and how far.

use crate::config::origin::Origin;
use url::Url;

/// Says where requests may go.
pub trait Judge: Send + Sync {
    /// Whether a request may go there, and how far.
    ///
    /// # Errors
    /// A sentence that names the grant.
    fn judge(&self, url: &Url) -> Result<Reach, String>;
}

/// Where requests may go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    /// To public addresses only.
    pub public: Vec<Origin>,
    /// To private addresses too.
    pub private: Vec<Origin>,
}

/// How far a granted origin reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses.
    Public,
    /// Any address.
    Any,
}

/// One origin that the operator named, and nowhere else; private addresses too, because they said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named(pub Url);

impl Judge for Named {
    fn judge(&self, url: &Url) -> Result<Reach, String> {
        match url.origin() == self.0.origin() {
            true => Ok(Reach::Any),
            false => Err(format!("{} is not where it was sent to look", url.origin().ascii_serialization())),
        }
    }
}

impl Judge for Origins {
    fn judge(&self, url: &Url) -> Result<Reach, String> {
        if self.private.iter().any(|origin| origin.has(url)) {
            return Ok(Reach::Any);
        }
        if self.public.iter().any(|origin| origin.has(url)) {
            return Ok(Reach::Public);
        }
        let origin = url.origin().ascii_serialization();
        Err(format!("{origin} is not granted: it needs the grant `http:{origin}`"))
    }
}
