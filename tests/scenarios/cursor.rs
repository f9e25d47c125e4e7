//! The words of one statement, taken one by one.

/// What could not be understood, in words.
pub type Fault = String;

/// Where reading stands.
pub struct Cursor<'a> {
    words: Vec<&'a str>,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str) -> Self {
        // A comma only helps the eye.
        let words = text.split_whitespace().map(|w| w.trim_end_matches(','));
        Self {
            words: words.filter(|word| !word.is_empty()).collect(),
            at: 0,
        }
    }

    pub fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).copied()
    }

    /// The next word, if there is one.
    pub fn next(&mut self) -> Option<&'a str> {
        let word = self.peek();
        self.at += usize::from(word.is_some());
        word
    }

    /// The next word, which must be there.
    pub fn need(&mut self, what: &str) -> Result<&'a str, Fault> {
        self.next().ok_or_else(|| format!("{what} is missing"))
    }

    /// Takes all these words if they come next.
    pub fn eat(&mut self, phrase: &str) -> bool {
        let wanted: Vec<&str> = phrase.split_whitespace().collect();
        let there = self.words.get(self.at..self.at + wanted.len());
        let eaten = there == Some(wanted.as_slice());
        if eaten {
            self.at += wanted.len();
        }
        eaten
    }

    /// A whole number.
    pub fn number<T: std::str::FromStr>(&mut self, what: &str) -> Result<T, Fault> {
        let word = self.need(what)?;
        let number = word.parse().ok();
        number.ok_or_else(|| format!("{what} is a number, not \"{word}\""))
    }

    /// All words that are left.
    pub fn rest(&mut self) -> String {
        let rest = self.words.get(self.at..).unwrap_or_default().join(" ");
        self.at = self.words.len();
        rest
    }

    /// Nothing is left.
    pub fn end(&self) -> Result<(), Fault> {
        match self.peek() {
            None => Ok(()),
            Some(word) => Err(format!("\"{word}\" is not understood here")),
        }
    }
}
