//! Customers of the lender, none of them real.

use crate::demo::dice::Dice;

#[derive(Debug)]
pub(super) struct Customer {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) email: String,
    /// Placeholders of the texts and what they stand for.
    facts: [(&'static str, String); 8],
}

const PEOPLE: [(&str, &str); 14] = [
    ("Amara", "Okafor"),
    ("Bruno", "Tavares"),
    ("Chiara", "Lombardi"),
    ("Daniel", "Hrubý"),
    ("Esra", "Yıldız"),
    ("Femke", "de Wit"),
    ("Gaurav", "Menon"),
    ("Hana", "Kimura"),
    ("Ingrid", "Solberg"),
    ("Jamal", "Whitfield"),
    ("Katya", "Morozova"),
    ("Liam", "Gallagher-Roe"),
    ("Mei", "Huang"),
    ("Noor", "Rahman"),
];

const CITIES: [&str; 8] = [
    "Portland", "Tucson", "Madison", "Durham", "Boise", "Richmond", "Omaha", "Spokane",
];

impl Customer {
    pub(super) fn throw(dice: &mut Dice) -> Self {
        let number = dice.between(0, PEOPLE.len() as u64 - 1);
        let (first, last) = PEOPLE[usize::try_from(number).unwrap_or(0)];
        let handle = format!("{first}.{last}").to_lowercase().replace(' ', "");
        let handle: String = handle
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
            .collect();
        let price = dice.between(21, 68) * 10_000;
        let down = price / 100 * dice.between(8, 25);
        let facts = [
            ("{name}", first.to_owned()),
            ("{city}", (*dice.pick(&CITIES)).to_owned()),
            ("{price}", dollars(price)),
            ("{loan}", dollars(price - down)),
            ("{down}", dollars(down)),
            ("{income}", dollars(dice.between(52, 164) * 1_000)),
            (
                "{rate}",
                format!("{}.{:03}", dice.between(5, 6), dice.between(1, 7) * 125),
            ),
            ("{case}", format!("LN-{}", dice.between(100_000, 999_999))),
        ];
        Self {
            id: format!("cust-{:04}", 1040 + number * 37),
            name: format!("{first} {last}"),
            email: format!("{handle}@example.com"),
            facts,
        }
    }

    /// The text with its placeholders filled in.
    pub(super) fn fill(&self, text: &str) -> String {
        self.facts
            .iter()
            .fold(text.to_owned(), |text, (placeholder, fact)| {
                text.replace(placeholder, fact)
            })
    }
}

/// `348500` as `348,500`.
fn dollars(amount: u64) -> String {
    format!("{},{:03}", amount / 1000, amount % 1000)
}
