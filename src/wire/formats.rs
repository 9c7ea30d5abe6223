//! The PIN block formats that a server may ask for.

/// A set of the PIN block formats 0, 1, 3 and 4 of ISO 9564-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formats {
    /// The bit 2ⁿ is set for format n.
    bits: u8,
}

impl Formats {
    /// The set of these formats; `None` if there are none, if one is repeated, or for any number but 0, 1, 3 and 4.
    #[must_use]
    pub fn new(numbers: &[u8]) -> Option<Self> {
        let mut bits = 0;
        for &number in numbers {
            let bit = match number {
                0 | 1 | 3 | 4 => 1 << number,
                _ => return None,
            };
            if bits & bit != 0 {
                return None;
            }
            bits |= bit;
        }
        (bits != 0).then_some(Self { bits })
    }

    /// Whether format `number` is in the set.
    pub(super) const fn contain(self, number: u8) -> bool {
        number < 8 && self.bits >> number & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::Formats;

    #[test]
    fn a_set_holds_what_it_was_made_of() {
        for numbers in [&[0][..], &[1], &[3], &[4], &[1, 4], &[4, 3, 1, 0]] {
            let formats = Formats::new(numbers).unwrap();
            for number in 0..=255 {
                assert_eq!(formats.contain(number), numbers.contains(&number), "{number} in {numbers:?}");
            }
        }
    }

    #[test]
    fn repeated_unknown_and_no_formats_are_refused() {
        for numbers in [&[][..], &[2], &[5], &[8], &[255], &[1, 1], &[0, 1, 0], &[1, 2]] {
            assert_eq!(Formats::new(numbers), None, "{numbers:?}");
        }
    }
}
