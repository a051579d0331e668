//! Which addresses are nobody's business unless granted: everything that is not the public internet.

use futures::FutureExt;
use futures::future::BoxFuture;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Finds the addresses of a name.
pub trait Resolve: Send + Sync {
    /// All of them.
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>>;
}

/// The machine's own way of resolving names.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) }.boxed()
    }
}

/// Not an address of the public internet: this machine, its networks, a cloud's metadata service, multicast, reserved
/// ranges (IANA's special-purpose registries), and IPv6 addresses that stand for such an IPv4 one.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        // 169.254.169.254, where clouds hand out credentials, is one of these.
        || address.is_link_local()
        || address.is_documentation()
        // Multicast, reserved, broadcast.
        || a >= 224
        || a == 0
        // Carrier-grade NAT, protocol assignments, 6to4 relays, benchmarks.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_private_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b, c, d, e, f) {
        // Mapped, compatible (:: and ::1 among them) and translated.
        (0, 0, 0, 0, 0, 0xffff) => v4(g, h),
        (0, ..) => true,
        (0x64, 0xff9b, 0, 0, 0, 0) => v4(g, h),
        (0x64, 0xff9b, ..) | (0x100, 0, 0, 0, ..) => true,
        // 6to4 carries an IPv4 address, Teredo tunnels to one.
        (0x2002, ..) => v4(b, c),
        (0x2001, 0..=0x1ff, ..) | (0x2001, 0xdb8, ..) | (0x3fff, 0..=0xfff, ..) | (0x5f00, ..) => true,
        // Only 2000::/3 is in public use; unique local, link-local, site-local and multicast are beyond it.
        _ => !(0x2000..0x4000).contains(&a),
    }
}
