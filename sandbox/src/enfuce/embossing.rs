//! The embossing run: makes every plastic that is due, with the PIN that the customer chose or with a random one.

use crate::app::App;
use crate::http::Problem;
use crate::store::cards::{self, PinStatus};
use crate::store::productions;

/// What a run made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Made {
    pub(crate) chosen_pins: u64,
    pub(crate) random_pins: u64,
}

/// Makes all plastics that are due. One transaction: a run that is broken off, by a kill even, has made nothing, and the
/// next one makes each plastic once.
pub(crate) async fn run(app: &App) -> Result<Made, Problem> {
    let (now, hsm) = (app.clock().now(), app.hsm_handle());
    app.store()
        .transaction(move |tx| {
            let mut made = Made::default();
            for due in productions::due(tx)? {
                let sealed_pin = match due.sealed_pin {
                    Some(sealed_pin) => sealed_pin,
                    None => {
                        let sealed_pin = hsm.make_pin(due.card_id)?;
                        cards::keep_random_pin(tx, due.card_id, &sealed_pin)?;
                        sealed_pin
                    }
                };
                productions::record(tx, due.plastic_id, &sealed_pin, now)?;
                match due.pin_status {
                    PinStatus::Set => made.chosen_pins += 1,
                    PinStatus::Random | PinStatus::Waiting => made.random_pins += 1,
                }
            }
            Ok(made)
        })
        .await
}
