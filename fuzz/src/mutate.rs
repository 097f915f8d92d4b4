//! Inputs that are almost right.

use crate::dice::Dice;

/// Larger inputs find nothing that smaller ones do not.
const MAX_BYTES: usize = 1 << 18;
const NUMBERS: [u64; 9] = [
    0,
    1,
    0x7f,
    0xff,
    0x7fff_ffff,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
    u64::MAX - 1,
];

/// `input` with a few changes; `other` is another member of the corpus.
pub(crate) fn mutate(input: &[u8], other: &[u8], dictionary: &[&str], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=dice.below(4) {
        change(&mut bytes, other, dictionary, dice);
    }
    bytes.truncate(MAX_BYTES);
    bytes
}

fn change(bytes: &mut Vec<u8>, other: &[u8], dictionary: &[&str], dice: &mut Dice) {
    let place = dice.below(bytes.len());
    let end = place + dice.below((bytes.len() - place).min(64) + 1);
    match dice.below(10) {
        0 if !bytes.is_empty() => bytes[place] ^= 1 << dice.below(8),
        1 if !bytes.is_empty() => bytes[place] = dice.byte(),
        2 => drop(bytes.drain(place..end)),
        3 => {
            let repeated: Vec<u8> = bytes[place..end].to_vec();
            let times = 1 + dice.below(40);
            bytes.splice(place..place, repeated.repeat(times));
        }
        4 => bytes.truncate(place),
        5 => {
            let width = [1, 2, 4, 8][dice.below(4)].min(bytes.len() - place);
            let number = NUMBERS[dice.below(NUMBERS.len())].to_le_bytes();
            bytes[place..place + width].copy_from_slice(&number[..width]);
        }
        6 => {
            let from = dice.below(other.len());
            let until = from + dice.below((other.len() - from).min(512) + 1);
            bytes.splice(place..end, other[from..until].iter().copied());
        }
        7 => bytes[place..end].fill(0),
        _ if !dictionary.is_empty() => {
            let word = dictionary[dice.below(dictionary.len())];
            bytes.splice(place..end, word.bytes());
        }
        _ => {
            let inserted: Vec<u8> = (0..dice.below(16)).map(|_| dice.byte()).collect();
            bytes.splice(place..place, inserted);
        }
    }
}
