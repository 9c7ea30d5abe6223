//! The sandbox driven over real HTTP, as an issuer's back-end and a customer's device would. The device's side is done
//! here with the `rsa` and `des` crates, or by OpenSSL. card-pin itself sets PINs only in `through_the_relay`.

#[cfg(test)]
mod documented;
#[cfg(test)]
mod support;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod device;

#[cfg(test)]
mod cards;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod embossing;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod issuer_app;
#[cfg(test)]
mod life;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod openssl;
#[cfg(test)]
mod page;
#[cfg(test)]
mod pin_keys;
#[cfg(test)]
mod pki;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod shared_key;
#[cfg(test)]
mod sites;
#[cfg(test)]
mod storage;
#[cfg(test)]
mod through_the_relay;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod view;
#[cfg(test)]
mod wire;
