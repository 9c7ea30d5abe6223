//! Expanded keys, from the standards' own tables, in the layouts of the `des` and `aes` crates on WebAssembly.

/// FIPS 46-3, PC-1: which bits of the key, from 1, make up C0 and D0.
const PC1: [u8; 56] = [
    57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44,
    36, 63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20,
    12, 4,
];
/// FIPS 46-3, PC-2: which bits of Cn and Dn make up the round key.
const PC2: [u8; 48] = [
    14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37,
    47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];
/// FIPS 46-3: by how much C and D are shifted before each round.
const SHIFTS: [usize; 16] = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];

/// The sixteen round keys of a DES key, 48 bits each at the top of a word: as the `des` crate holds them.
pub(super) fn des(key: [u8; 8]) -> [u64; 16] {
    let bit = |at: u8| key[usize::from(at - 1) / 8] >> (7 - (at - 1) % 8) & 1;
    let (mut c, mut d): (Vec<u8>, Vec<u8>) =
        (PC1[..28].iter().map(|&at| bit(at)).collect(), PC1[28..].iter().map(|&at| bit(at)).collect());
    SHIFTS.map(|shift| {
        c.rotate_left(shift);
        d.rotate_left(shift);
        let both = [c.as_slice(), &d].concat();
        let round_key = PC2.iter().fold(0, |word, &at| word << 1 | u64::from(both[usize::from(at) - 1]));
        round_key << 16
    })
}

/// FIPS 197, 5.2: the round keys of an AES key, one after the other.
pub(super) fn aes(key: &[u8]) -> Vec<[u8; 16]> {
    let words = key.len() / 4;
    let mut schedule: Vec<[u8; 4]> = key.chunks(4).map(|word| [word[0], word[1], word[2], word[3]]).collect();
    let mut rcon = 1_u8;
    for place in words..4 * (words + 7) {
        let mut word = schedule[place - 1];
        if place % words == 0 {
            word.rotate_left(1);
            word = word.map(s_box);
            word[0] ^= rcon;
            rcon = times_x(rcon);
        } else if words > 6 && place % words == 4 {
            word = word.map(s_box);
        }
        let before = schedule[place - words];
        schedule.push(std::array::from_fn(|at| word[at] ^ before[at]));
    }
    schedule.chunks(4).map(|round| std::array::from_fn(|at| round[at / 4][at % 4])).collect()
}

/// The same round keys in the form of the `aes` crate on a processor without AES instructions ("fixslicing", Adomnicai and
/// Peyrin, 2020). Word `p` of each contains bit `p` of all bytes, row by row. The rows are shifted back, except in every fourth
/// round key, and the inversions that the S-box leaves out are included.
pub(super) fn fixsliced_aes(key: &[u8]) -> Vec<[u16; 8]> {
    let rounds = aes(key);
    let last = rounds.len() - 1;
    let slice = |(round, bytes): (usize, &[u8; 16])| {
        let shift = if round == last { 0 } else { round % 4 };
        std::array::from_fn(|position| {
            let inverted = round > 0 && [0, 1, 5, 6].contains(&position);
            let bit = |row: usize, column: usize| {
                // The row is shifted back: the content of a column comes from a column further left, by the number of the row.
                let from = (column + 4 * row - shift * row) % 4;
                u16::from(bytes[4 * from + row] >> position & 1)
            };
            let word = (0..16).fold(0, |word, at| word | bit(at / 4, at % 4) << at);
            if inverted { !word } else { word }
        })
    };
    rounds.iter().enumerate().map(slice).collect()
}

/// In the field of FIPS 197, 4.2.
fn times_x(byte: u8) -> u8 {
    byte << 1 ^ if byte & 0x80 == 0 { 0 } else { 0x1b }
}

fn times(a: u8, b: u8) -> u8 {
    let mut sum = 0;
    let mut multiple = a;
    for place in 0..8 {
        if b >> place & 1 == 1 {
            sum ^= multiple;
        }
        multiple = times_x(multiple);
    }
    sum
}

/// FIPS 197, 5.1.1: the inverse, and an affine transformation.
fn s_box(byte: u8) -> u8 {
    let inverse = (1..=255).find(|&other| times(byte, other) == 1).unwrap_or(0);
    (0..5).fold(0x63, |sum, by| sum ^ inverse.rotate_left(by))
}

#[cfg(test)]
mod tests {
    use super::*;
    use des::{TdesEde3, cipher::KeyInit};
    use std::{fs::File, os::unix::fs::FileExt};

    /// FIPS 197, Appendix A.1 and A.3: the first and the last round key.
    #[test]
    fn fips_197_expansions() {
        let key = 0x2b7e_1516_28ae_d2a6_abf7_1588_09cf_4f3c_u128.to_be_bytes();
        let schedule = aes(&key);
        assert_eq!((schedule.len(), schedule[0]), (11, key));
        assert_eq!(u128::from_be_bytes(schedule[10]), 0xd014_f9a8_c9ee_2589_e13f_0cc8_b663_0ca6);
        let key = [
            0x603d_eb10_15ca_71be_2b73_aef0_857d_7781_u128.to_be_bytes(),
            0x1f35_2c07_3b61_08d7_2d98_10a3_0914_dff4_u128.to_be_bytes(),
        ]
        .concat();
        let schedule = aes(&key);
        assert_eq!(schedule.len(), 15);
        assert_eq!(u128::from_be_bytes(schedule[14]), 0xfe48_90d1_e618_8d0b_046d_f344_706c_631e);
    }

    /// A cipher in this process has exactly the round keys that the search looks for, in this form.
    #[test]
    fn a_des_cipher_holds_these_round_keys() {
        let key: [u8; 24] = std::array::from_fn(|place| (place as u8).wrapping_mul(29) ^ 0x5a);
        let cipher = Box::new(TdesEde3::new(&key.into()));
        let address = std::ptr::from_ref(&*cipher) as u64;
        let mut held = vec![0; size_of::<TdesEde3>()];
        File::open("/proc/self/mem").unwrap().read_exact_at(&mut held, address).unwrap();
        let parts = key.chunks(8).map(|part| des(part.try_into().unwrap()));
        let expected: Vec<u8> = parts.flatten().flat_map(u64::to_le_bytes).collect();
        assert_eq!(held, expected);
        drop(cipher);
    }

    /// The round keys of `aes` 0.9.4 for the key 00 01 … 1f if it is built with `--cfg aes_backend="soft"`, as for WebAssembly.
    /// On the machines that run this test it uses AES instructions, and stores another form.
    #[test]
    fn an_aes_cipher_holds_these_round_keys() {
        const HELD: [u128; 15] = [
            0xf0f0_00ff_aaaa_cccc_0000_0000_0000_0000,
            0x0f0f_ff00_5a5a_9c63_ffff_ffff_ffff_0000,
            0xa0af_0faa_9966_14e4_f0f0_00ff_0ff0_0fff,
            0x5f5f_f0a5_3939_247e_a55a_fff0_0f0f_00ff,
            0xc530_a03c_d78d_c363_a05f_5a0f_5f0a_f555,
            0x9090_f5c6_4748_93c9_9c36_00fa_5050_f055,
            0x4915_3a1e_edd4_1e7e_60ca_63af_90a3_a333,
            0x8a85_09b8_7deb_2117_2bbd_5a03_6595_a0c3,
            0x5269_1c6f_94dc_35ba_7019_db3f_85cb_9e41,
            0x5cc6_ad81_ab15_9041_6628_935b_d676_601e,
            0x9bd2_a1d0_d3eb_4366_8ff7_4ce0_864c_da3f,
            0x91b7_3159_6623_d0ec_8d64_8490_f808_7f26,
            0x8c8b_357a_2169_0e8d_ea5d_5eca_47ae_2645,
            0x7574_1a92_8d0e_3feb_f480_a98a_02a1_5af2,
            0xd1dc_b973_1fd8_fa7b_56cb_601c_67c0_123c,
        ];
        let key: [u8; 32] = std::array::from_fn(|place| place as u8);
        for (round_key, held) in fixsliced_aes(&key).into_iter().zip(HELD) {
            let bytes: Vec<u8> = round_key.into_iter().flat_map(u16::to_le_bytes).collect();
            assert_eq!(bytes, held.to_be_bytes());
        }
    }
}
