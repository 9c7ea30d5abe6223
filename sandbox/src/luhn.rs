//! The check digit of card numbers (ISO/IEC 7812-1 annex B).

/// The sum that has to be a multiple of ten: every second digit from the right, beginning with the one before the check digit,
/// is doubled.
pub(crate) fn sum(digits: &[u8; 16]) -> u8 {
    let value = |(index, digit): (usize, &u8)| match index % 2 {
        0 if *digit > 4 => digit * 2 - 9,
        0 => digit * 2,
        _ => *digit,
    };
    digits.iter().enumerate().map(value).sum()
}

/// Makes the last digit the check digit of the others.
pub(crate) fn complete(digits: &mut [u8; 16]) {
    digits[15] = 0;
    digits[15] = (10 - sum(digits) % 10) % 10;
}

#[cfg(test)]
mod tests {
    use super::*;

    // Public test numbers of Mastercard and Visa.
    #[test]
    fn it_agrees_with_known_numbers() {
        for good in ["5555555555554444", "5200828282828210", "4111111111111111", "5105105105105100"] {
            let mut digits: [u8; 16] =
                good.bytes().map(|byte| byte - b'0').collect::<Vec<_>>().try_into().unwrap();
            assert_eq!(sum(&digits) % 10, 0, "{good}");
            let known = digits;
            digits[15] = 9;
            complete(&mut digits);
            assert_eq!(digits, known);
            digits[3] ^= 1;
            assert_ne!(sum(&digits) % 10, 0);
        }
    }
}
