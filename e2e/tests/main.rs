//! Every end-to-end test. `cargo test -p card-pin-e2e browser_states::offline_from_the_start` runs one scenario in each engine, and with
//! `::in_webkit` behind it in one of them.

mod accessibility;
mod bridges;
mod browser_states;
mod checked;
mod element;
mod examples;
mod fault_matrix;
mod faults;
mod frame;
mod headless;
mod hostile;
mod issuer_app;
mod keys;
mod layout;
mod loading;
mod no_wasm;
mod openapi;
mod package;
mod password_manager;
mod phone;
mod pictures;
mod policy;
mod ports;
mod provider;
mod random_sessions;
mod residue;
mod resilience;
mod screen_reader;
mod set_pin;
mod side_channels;
mod soak;
mod standalone;
mod theme;
mod view;
