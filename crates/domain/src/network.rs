//! The network of a request: the part of its address that distinguishes one visitor from another.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The part of an address that belongs to one visitor.
///
/// That is a whole IPv4 address, but 64 bits of IPv6: each home has at least a /64, and draws addresses
/// from it at will (RFC 6177, RFC 8981). Limits by address count by this value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Network {
    /// An IPv4 address, or the /64 of an IPv6 one with its lower bits set to zero.
    Of(IpAddr),
    /// Not known: a request that came through no front and no TCP connection.
    Unknown,
}

impl Network {
    /// Reads an address as a front writes it into a header. A text that is no address is [`Network::Unknown`].
    pub fn parse(text: &str) -> Self {
        match text.trim().parse::<IpAddr>() {
            Ok(address) => Self::from(address),
            Err(_) => Self::Unknown,
        }
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::Of(address),
            // An IPv4 address as a socket for both kinds shows it.
            IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
                Some(v4) => Self::Of(v4.into()),
                None => Self::Of(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into()),
            },
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(IpAddr::V6(prefix)) => write!(f, "{prefix}/64"),
            Self::Of(address) => address.fmt(f),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv4_counts_by_address_and_ipv6_by_64_bits() {
        for (address, network) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("", "unknown"),
            ("192.0.2.7, 192.0.2.8", "unknown"),
            ("unix:", "unknown"),
        ] {
            assert_eq!(Network::parse(address).to_string(), network, "{address:?}");
        }
    }
}
