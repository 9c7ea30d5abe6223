//! The secrets of one session, and each form in which they could be left behind.

use super::{
    kinds::Kind,
    rsa_key::{self, PrivateKey},
    schedules,
};
use aes::cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aho_corasick::AhoCorasick;
use anyhow::{Context, Result, bail, ensure};
use base64ct::{Base64, Encoding};
use des::TdesEde3;
use num_bigint::BigUint;
use rand::{TryRng as _, rngs::SysRng};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// How many digits of a PIN in a row are a trace of it. Fewer occur by chance: a PIN of four digits as BCD has two bytes, and any
/// two bytes occur somewhere in a megabyte.
const DIGITS_IN_A_ROW: usize = 6;
/// The same in whole bytes of BCD.
const BCD_BYTES: usize = 5;
/// How many bytes of a long number are a trace of it. The pieces that are searched for begin at each limb, so a longer trace
/// contains one of them.
const PIECE: usize = 16;
const LIMB: usize = 4;

/// The account number to which format 4 blocks are bound.
const PAN: &str = "4111111111111111";

/// The key that encrypts the PIN. The test knows it.
#[derive(Clone, Debug)]
pub enum PinKey {
    /// K1 and K2.
    Tdea([u8; 16]),
    /// 256 bits, and PIN block format 4.
    Aes([u8; 32]),
}

impl PinKey {
    /// A TDEA key of two parts.
    ///
    /// # Errors
    ///
    /// If the system has no random numbers.
    pub fn tdea() -> Result<Self> {
        // With odd parity, as the device uses it.
        Ok(Self::Tdea(random::<16>()?.map(|byte| byte ^ (byte.count_ones() as u8 & 1 ^ 1))))
    }

    /// A key with two equal parts, which a device refuses after it has unwrapped it.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn single_des() -> Result<Self> {
        let Self::Tdea(mut key) = Self::tdea()? else { bail!("no TDEA key") };
        key.copy_within(..8, 8);
        Ok(Self::Tdea(key))
    }

    /// An AES key.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn aes() -> Result<Self> {
        Ok(Self::Aes(random()?))
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Tdea(key) => key,
            Self::Aes(key) => key,
        }
    }

    fn tdea_cipher(key: &[u8; 16]) -> TdesEde3 {
        let mut triple = [0; 24];
        triple[..16].copy_from_slice(key);
        triple[16..].copy_from_slice(&key[..8]);
        TdesEde3::new(&triple.into())
    }

    /// Encrypts a format 1 block of this PIN, to be viewed; the clear block and the encrypted one.
    fn encrypt(&self, pin: &str) -> Result<(Vec<u8>, Vec<u8>)> {
        let Self::Tdea(key) = self else { bail!("only TDEA encrypts here") };
        // ISO 9564-1, 9.3.3: the control field 1, the length, the digits, and any fill.
        let fill: String = random::<8>()?.iter().map(|byte| format!("{:X}", byte & 15)).collect();
        let digits = format!("1{:X}{pin}{fill}", pin.len());
        let mut clear = [0; 8];
        for (byte, nibbles) in clear.iter_mut().zip(digits.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(nibbles)?, 16)?;
        }
        let mut block = Block::<TdesEde3>::from(clear);
        Self::tdea_cipher(key).encrypt_block(&mut block);
        Ok((clear.to_vec(), block.to_vec()))
    }

    /// Decrypts a block as the HSM does.
    fn decrypt(&self, block: &[u8]) -> Result<Vec<u8>> {
        match self {
            Self::Tdea(key) => {
                let mut block: Block<TdesEde3> =
                    <[u8; 8]>::try_from(block).context("no block of TDEA")?.into();
                Self::tdea_cipher(key).decrypt_block(&mut block);
                Ok(block.to_vec())
            }
            Self::Aes(key) => {
                let cipher = aes::Aes256::new(&(*key).into());
                let mut block: Block<aes::Aes256> =
                    <[u8; 16]>::try_from(block).context("no block of AES")?.into();
                cipher.decrypt_block(&mut block);
                // ISO 9564-1:2017, 9.4.2.3: how many digits over twelve, the digits, and zeros.
                let account = format!("{}{PAN:0<31}", PAN.len() - 12);
                for (byte, nibbles) in block.iter_mut().zip(account.as_bytes().chunks(2)) {
                    *byte ^= u8::from_str_radix(std::str::from_utf8(nibbles)?, 16)?;
                }
                cipher.decrypt_block(&mut block);
                Ok(block.to_vec())
            }
        }
    }

    /// The expanded key, in each form that is searched for.
    fn schedules(&self) -> Vec<Vec<u8>> {
        match self {
            Self::Tdea(key) => {
                let round_keys =
                    key.chunks(8).filter_map(|part| part.try_into().ok()).flat_map(schedules::des);
                // A single round key is nearly the whole key, so each is searched for.
                round_keys
                    .flat_map(|word| [word.to_le_bytes(), word.to_be_bytes()])
                    .map(|bytes| bytes.to_vec())
                    .collect()
            }
            Self::Aes(key) => {
                // The first two are the key itself.
                let plain = schedules::aes(key).into_iter().skip(2).map(|round| round.to_vec());
                let sliced = schedules::fixsliced_aes(key);
                let words =
                    sliced.iter().map(|round| round.iter().flat_map(|word| word.to_le_bytes()).collect());
                // The form for two blocks at once has each bit twice.
                let doubled = sliced
                    .iter()
                    .map(|round| round.iter().flat_map(|&word| doubled(word).to_le_bytes()).collect());
                plain.chain(words).chain(doubled).collect()
            }
        }
    }
}

fn doubled(word: u16) -> u32 {
    (0..16).fold(0, |doubled, at| doubled | ((u32::from(word >> at & 1) * 0b11) << (2 * at)))
}

/// The stack is the first megabyte of the memory: Rust's linker puts it before everything else, so that an overflow does not
/// overwrite data.
const STACK: usize = 1 << 20;

/// Everything that is secret in one session.
#[derive(Debug)]
pub struct Secrets {
    /// What the customer types.
    pub pin: String,
    key: PinKey,
    /// Where the public key was sent.
    modulus: Option<BigUint>,
    /// The message that RSA decrypts, masked.
    message: Vec<u8>,
    block: Vec<u8>,
}

/// A secret in one form.
struct Pattern {
    kind: Kind,
    bytes: Vec<u8>,
}

/// The result of the search of one memory.
#[derive(Debug)]
pub(super) struct Findings {
    /// The number of places in which something of each kind was found, in [`Kind::ALL`]'s order.
    pub hits: [usize; Kind::ALL.len()],
    /// The first of these places.
    pub first: [Option<usize>; Kind::ALL.len()],
    /// How many bytes of the stack are not zero.
    pub stack: usize,
    /// How many patterns were searched for.
    pub patterns: usize,
}

impl Secrets {
    /// Makes the secrets of a new session. No part of the PIN occurs in the core itself, whose tables of small numbers may
    /// contain any six digits.
    ///
    /// # Errors
    ///
    /// If the system has no random numbers.
    pub(super) fn new(key: PinKey, core: &[u8]) -> Result<Self> {
        loop {
            let pin = random_long_pin()?;
            let mut forms = Vec::new();
            pin_patterns(&pin, &mut |_, bytes| forms.push(bytes));
            if !AhoCorasick::new(forms)?.is_match(core) {
                return Ok(Self { pin, key, modulus: None, message: Vec::new(), block: Vec::new() });
            }
        }
    }

    /// Wraps the PIN key under the device's public key in its request, and returns the answer to the request.
    ///
    /// # Errors
    ///
    /// If that is not a public key.
    pub(super) fn wrap(&mut self, request: &Value) -> Result<Value> {
        let spki = request["publicKey"].as_str().context("no public key came")?;
        let modulus = rsa_key::modulus(&Base64::decode_vec(spki)?)?;
        self.message = oaep(self.key.bytes())?;
        let tzpk = Base64::encode_string(&rsa_key::encrypt(&self.message, &modulus));
        self.modulus = Some(modulus);
        Ok(match self.key {
            PinKey::Tdea(_) => json!({"tzpk": tzpk}),
            PinKey::Aes(_) => {
                json!({"tzpk": tzpk, "algorithm": "AES", "pinBlockFormat": 4, "pan": PAN})
            }
        })
    }

    /// A block of the PIN, to be viewed.
    pub(super) fn make_block(&mut self) -> Result<String> {
        let pin = self.pin.clone();
        self.make_block_of(&pin)
    }

    /// A block without digits, which a device has to refuse whatever the key is. A random block would be a valid one of format 1
    /// about once in six hundred times.
    ///
    /// # Errors
    ///
    /// If the key is not a TDEA key.
    pub fn make_wrong_block(&mut self) -> Result<String> {
        self.make_block_of("")
    }

    fn make_block_of(&mut self, pin: &str) -> Result<String> {
        let (clear, encrypted) = self.key.encrypt(pin)?;
        self.block = clear;
        Ok(Base64::encode_string(&encrypted))
    }

    /// Decrypts the block of the request, and checks that it contains the PIN.
    pub(super) fn unwrap_block(&mut self, request: &Value) -> Result<()> {
        let block = request["pinBlock"].as_str().context("no block came")?;
        self.block = self.key.decrypt(&Base64::decode_vec(block)?)?;
        let nibbles: String = self.block.iter().map(|byte| format!("{byte:02X}")).collect();
        ensure!(nibbles[2..].starts_with(&self.pin), "another PIN than the one that was typed came");
        Ok(())
    }

    /// Searches these memories for all of these secrets. The private key is computed from a factor in one of the memories, which
    /// has to be there while the key is needed.
    pub(super) fn search(&self, memories: &[&[u8]]) -> Result<Vec<Findings>> {
        let modulus = match &self.modulus {
            Some(modulus) => modulus.clone(),
            None => {
                memories.iter().find_map(|memory| rsa_key::modulus_in(memory)).context("no public key")?
            }
        };
        let factors: Vec<_> = memories.iter().map(|memory| rsa_key::factors(memory, &modulus)).collect();
        let p = factors.iter().flatten().next();
        let (_, p) = p.context("no memory holds a factor of the modulus, not even while the key is there")?;
        let primes = [p.clone(), &modulus / p];
        let patterns = self.patterns(&PrivateKey::of(&modulus, p)?);
        let searched = AhoCorasick::new(patterns.iter().map(|pattern| &pattern.bytes))?;
        let findings = memories.iter().zip(factors).map(|(memory, factors)| {
            let mut findings = Findings::none(memory, patterns.len());
            for found in searched.find_overlapping_iter(memory) {
                findings.note(patterns[found.pattern()].kind, found.start());
            }
            for at in factors.into_iter().map(|(at, _)| at).chain(rsa_key::tiles(memory, &primes)) {
                findings.note(Kind::Factor, at);
            }
            findings
        });
        Ok(findings.collect())
    }

    fn patterns(&self, private_key: &PrivateKey) -> Vec<Pattern> {
        let mut patterns = Vec::new();
        let mut add = |kind, bytes: Vec<u8>| patterns.push(Pattern { kind, bytes });
        pin_patterns(&self.pin, &mut add);
        // The secret as it is, and as a number whose lowest byte comes first.
        for (kind, secret) in [(Kind::PinBlock, self.block.as_slice()), (Kind::Tzpk, self.key.bytes())] {
            for half in secret.chunks(8) {
                add(kind, half.to_vec());
                add(kind, half.iter().rev().copied().collect());
            }
        }
        self.key.schedules().into_iter().for_each(|round_key| add(Kind::Schedule, round_key));
        let turned = self.message.iter().rev().copied().collect();
        for form in [self.message.clone(), turned] {
            pieces(&form).for_each(|piece| add(Kind::Message, piece));
        }
        for form in private_key.forms() {
            pieces(&form).for_each(|piece| add(Kind::PrivateKey, piece));
        }
        patterns
    }
}

/// A PIN in each form that is looked for.
fn pin_patterns(pin: &str, add: &mut impl FnMut(Kind, Vec<u8>)) {
    let digits: Vec<u8> = pin.bytes().map(|digit| digit - b'0').collect();
    let places = |width: usize, digit: u8, is_text: bool| {
        let mut bytes = vec![0; width];
        bytes[0] = if is_text { digit + b'0' } else { digit };
        bytes
    };
    for row in digits.windows(DIGITS_IN_A_ROW) {
        add(Kind::PinDigits, row.to_vec());
        add(Kind::PinOtherwise, row.iter().map(|digit| digit + b'0').collect());
        // UTF-16, UTF-32, and numbers in words. This also finds words with the highest byte first, except for the first word.
        for width in [2, 4, 8] {
            for is_text in [false, true] {
                let words = row.iter().flat_map(|&digit| places(width, digit, is_text));
                let words: Vec<u8> = words.collect();
                add(Kind::PinOtherwise, words[..words.len() - width + 1].to_vec());
            }
        }
        let doubles = row.iter().flat_map(|&digit| f64::from(digit).to_le_bytes());
        add(Kind::PinOtherwise, doubles.collect());
    }
    for row in digits.windows(2 * BCD_BYTES) {
        add(Kind::PinOtherwise, row.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect());
        add(Kind::PinOtherwise, row.chunks(2).map(|pair| pair[1] << 4 | pair[0]).collect());
    }
}

impl Findings {
    fn none(memory: &[u8], patterns: usize) -> Self {
        let stack = memory.iter().take(STACK).filter(|byte| **byte != 0).count();
        Self { hits: [0; _], first: [None; _], stack, patterns }
    }

    fn note(&mut self, kind: Kind, at: usize) {
        for (place, other) in Kind::ALL.into_iter().enumerate() {
            if other == kind {
                self.hits[place] += 1;
                self.first[place].get_or_insert(at);
            }
        }
    }
}

/// The pieces that do not occur by chance: a number may begin with zeros, so pieces with many zeros are left out.
fn pieces(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let pieces = bytes.windows(PIECE).step_by(LIMB);
    pieces.filter(|piece| piece.iter().filter(|byte| **byte != 0).count() >= PIECE / 2).map(<[u8]>::to_vec)
}

/// RFC 8017, 7.1.1, step 2, with SHA-256 for both hash and mask, and an empty label.
fn oaep(message: &[u8]) -> Result<Vec<u8>> {
    const LENGTH: usize = 256;
    let seed = random::<32>()?;
    let padding = vec![0; LENGTH - 2 * 32 - 2 - message.len()];
    let data = [Sha256::digest(b"").as_slice(), &padding, &[1], message].concat();
    let masked_data = masked(&data, &seed);
    let masked_seed = masked(&seed, &masked_data);
    Ok([&[0], masked_seed.as_slice(), &masked_data].concat())
}

/// RFC 8017, B.2.1.
fn masked(data: &[u8], seed: &[u8]) -> Vec<u8> {
    let mask = (0_u32..).flat_map(|counter| Sha256::digest([seed, &counter.to_be_bytes()].concat()));
    data.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect()
}

/// A PIN that does not occur by chance. It has twelve digits, of which any six in a row are different, and neighbours do not
/// follow each other in counting. It has no zero, because unused memory contains zeros.
///
/// # Errors
///
/// If the system has no random numbers.
fn random_long_pin() -> Result<String> {
    let mut digits: Vec<u8> = Vec::new();
    while digits.len() < 12 {
        let digit = random::<1>()?[0] % 16;
        let row = &digits[digits.len().saturating_sub(DIGITS_IN_A_ROW - 1)..];
        let is_neighbour = row.last().is_some_and(|last| last.abs_diff(digit) < 2);
        if (1..10).contains(&digit) && !row.contains(&digit) && !is_neighbour {
            digits.push(digit);
        }
    }
    Ok(digits.iter().map(u8::to_string).collect())
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes)?;
    Ok(bytes)
}
