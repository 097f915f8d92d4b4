//! The catalogue of the shop and what customers ask. All titles are made up.

#[derive(Debug)]
pub(super) struct Book {
    pub(super) isbn: &'static str,
    pub(super) title: &'static str,
    pub(super) price: f64,
    pub(super) text: &'static str,
}

#[derive(Debug)]
pub(super) struct Question {
    pub(super) intent: &'static str,
    pub(super) text: &'static str,
    pub(super) answer: &'static str,
    /// Place of the book that fits best.
    pub(super) best: usize,
}

const fn book(isbn: &'static str, title: &'static str, price: f64, text: &'static str) -> Book {
    Book {
        isbn,
        title,
        price,
        text,
    }
}

pub(super) static BOOKS: [Book; 10] = [
    book(
        "978-0-00-000101-1",
        "Lanterns over Kurose",
        9.99,
        "A lighthouse keeper's daughter repairs spirit lanterns in a fishing town. Quiet, warm, complete in four volumes.",
    ),
    book(
        "978-0-00-000102-8",
        "Second Gear Samurai",
        8.49,
        "A retired swordsman opens a scooter workshop and cannot stay out of trouble. Comedy with duels.",
    ),
    book(
        "978-0-00-000103-5",
        "The Baker of Floor 13",
        10.99,
        "A night-shift baker feeds the ghosts of an office tower. One story per loaf, gentle horror.",
    ),
    book(
        "978-0-00-000104-2",
        "Orbit Girls' Choir",
        7.99,
        "Five students on a space station start a choir to drown out the engines. School life in low gravity.",
    ),
    book(
        "978-0-00-000105-9",
        "Ash and Abacus",
        11.49,
        "A merchant's accountant uncovers who burnt the granaries of the northern province. Historical mystery.",
    ),
    book(
        "978-0-00-000106-6",
        "My Rival Waters the Plants",
        8.99,
        "Two botanists compete for one greenhouse and slowly stop competing. Slow romance.",
    ),
    book(
        "978-0-00-000107-3",
        "Paper Wolves",
        9.49,
        "An origami maker's creations hunt at night. Dark fantasy, for older teens.",
    ),
    book(
        "978-0-00-000108-0",
        "Goalkeeper's Notebook",
        7.49,
        "The smallest keeper of the league writes down every shot she ever let in. Sport with diagrams.",
    ),
    book(
        "978-0-00-000109-7",
        "Tea for the Tax Office",
        8.99,
        "A tanuki runs a tea house and must finally file its returns. Folklore comedy.",
    ),
    book(
        "978-0-00-000110-3",
        "The Cartographer's Apprentice Is Lost",
        12.99,
        "An apprentice draws maps of places that appear once drawn. Adventure in large format.",
    ),
];

pub(super) static QUESTIONS: [Question; 8] = [
    Question {
        intent: "recommend",
        text: "I loved quiet slice-of-life stories by the sea. What should I read next?",
        answer: "Try *Lanterns over Kurose* ($9.99): a fishing town, a few spirits, and a heroine who mends what others \
                 throw away. It is complete in four volumes, so you will not be left waiting.",
        best: 0,
    },
    Question {
        intent: "recommend",
        text: "Something scary for my 13-year-old, but not so scary that nobody sleeps?",
        answer: "*The Baker of Floor 13* ($10.99) is the friendly kind of horror: ghosts come for bread and leave with a \
                 story. I would keep *Paper Wolves* for later, it is meant for older teens.",
        best: 2,
    },
    Question {
        intent: "gift",
        text: "Birthday present for a friend who plays football and never reads comics?",
        answer: "*Goalkeeper's Notebook* ($7.49) explains the game with diagrams on every page and is easy to get into. \
                 We can wrap it for you.",
        best: 7,
    },
    Question {
        intent: "availability",
        text: "Is the large format of the cartographer one in stock? ギフト包装もできますか?",
        answer: "Yes, *The Cartographer's Apprentice Is Lost* ($12.99) is here in large format. はい、ギフト包装も承ります。",
        best: 9,
    },
    Question {
        intent: "compare",
        text: "Which is funnier, the scooter samurai or the tanuki with the tea house?",
        answer: "*Second Gear Samurai* ($8.49) goes for slapstick and sword fights; *Tea for the Tax Office* ($8.99) is \
                 dry and full of forms. If you have ever filed your own taxes, take the tanuki.",
        best: 8,
    },
    Question {
        intent: "recommend",
        text: "A mystery with a historical setting, please. No superpowers.",
        answer: "*Ash and Abacus* ($11.49) is your book: burnt granaries, suspicious ledgers and an accountant who will \
                 not let go. Everything is solved with arithmetic.",
        best: 4,
    },
    Question {
        intent: "recommend",
        text: "Any slow romance between adults with actual jobs?",
        answer: "*My Rival Waters the Plants* ($8.99): two botanists, one greenhouse, and three volumes before anybody \
                 admits anything.",
        best: 5,
    },
    Question {
        intent: "order_status",
        text: "My order with the space choir volumes has not arrived. What should I do?",
        answer: "I am sorry about the wait. *Orbit Girls' Choir* ($7.99) usually takes four working days. If yours has been \
                 under way for longer, reply with your order number and a colleague will look into it today.",
        best: 3,
    },
];
