//! Parses rules; an error names the position of the first character that is not valid.

use super::rule::{Figure, Limit, Operator, PERCENTILES, Rule, Subject, Unit};
use crate::Error;

const FIGURES: &str = "p50, p90, p95, p99, p99.9, max, average, rate or failed";

pub(super) fn rules(text: &str) -> Result<Vec<Rule>, Error> {
    let mut reader = Reader { text, at: 0 };
    let mut rules = Vec::new();
    loop {
        rules.push(reader.rule()?);
        reader.skip_space();
        if reader.is_at_end() {
            return Ok(rules);
        }
        if !reader.take(",") {
            return Err(reader.expected("a comma and the next rule"));
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rule(&mut self) -> Result<Rule, Error> {
        self.skip_space();
        let subject = self.subject()?;
        let figure = self.figure(&subject)?;
        self.skip_space();
        let operator_at = self.at;
        let operator = self.operator()?;
        if operator == Operator::Equal && !matches!(figure, Figure::Failed) {
            self.at = operator_at;
            return Err(self.expected(
                "<, <=, > or >= (= is for failed: no two runs have the same time or rate)",
            ));
        }
        self.skip_space();
        let limit = self.limit(figure)?;
        Ok(Rule {
            subject,
            figure,
            operator,
            limit,
        })
    }

    fn subject(&mut self) -> Result<Subject, Error> {
        if self.take("pages.") {
            return Ok(Subject::Pages);
        }
        if !self.take("step(") {
            return Ok(Subject::Requests);
        }
        let name = self.take_while(|c| c != ')').trim();
        if name.is_empty() {
            return Err(self.expected("the name of a step"));
        }
        if !self.take(").") {
            return Err(self.expected("a closing bracket and a dot, as in step(sign in).p95<1s"));
        }
        Ok(Subject::Step(name.to_owned()))
    }

    fn figure(&mut self, subject: &Subject) -> Result<Figure, Error> {
        let began = self.at;
        let word = self.take_while(|c| c.is_ascii_alphanumeric() || c == '.');
        let percentile = PERCENTILES.iter().find(|p| p.name == word);
        let figure = match word {
            "max" => Some(Figure::Max),
            "average" => Some(Figure::Average),
            "rate" => Some(Figure::Rate),
            "failed" => Some(Figure::Failed),
            _ => percentile.map(|p| Figure::Quantile(*p)),
        };
        figure.ok_or_else(|| {
            self.at = began;
            self.expected(&match subject {
                Subject::Requests => format!("{FIGURES}, or pages. or step(name). before them"),
                Subject::Pages | Subject::Step(_) => FIGURES.to_owned(),
            })
        })
    }

    fn operator(&mut self) -> Result<Operator, Error> {
        let operators = [
            ("<=", Operator::AtMost),
            (">=", Operator::AtLeast),
            ("<", Operator::Less),
            (">", Operator::More),
            ("=", Operator::Equal),
        ];
        operators
            .into_iter()
            .find_map(|(sign, operator)| self.take(sign).then_some(operator))
            .ok_or_else(|| self.expected("one of < <= > >= ="))
    }

    fn limit(&mut self, figure: Figure) -> Result<Limit, Error> {
        let began = self.at;
        let digits = self.take_while(|c| c.is_ascii_digit() || c == '.');
        let value = digits.parse().ok().filter(|value: &f64| value.is_finite());
        let Some(value) = value else {
            self.at = began;
            return Err(self.expected(example(figure)));
        };
        self.skip_space();
        let unit_at = self.at;
        let unit = match self.take_while(|c| c.is_alphabetic() || c == '%') {
            "us" => Unit::Micros,
            "ms" => Unit::Millis,
            "s" => Unit::Seconds,
            "%" => Unit::Percent,
            "" => Unit::None,
            _ => {
                self.at = unit_at;
                return Err(self.expected("one of the units us, ms, s and %"));
            }
        };
        let fits = match figure {
            Figure::Rate => unit == Unit::None,
            Figure::Failed => matches!(unit, Unit::None | Unit::Percent),
            Figure::Quantile(_) | Figure::Max | Figure::Average => {
                matches!(unit, Unit::Micros | Unit::Millis | Unit::Seconds)
            }
        };
        if !fits {
            self.at = unit_at;
            return Err(self.expected(match figure {
                Figure::Rate => "no unit: a rate is a number a second",
                Figure::Failed => "no unit, or %",
                _ => "a unit of time: us, ms or s",
            }));
        }
        Ok(Limit { value, unit })
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    fn take(&mut self, word: &str) -> bool {
        let is_there = self.rest().starts_with(word);
        if is_there {
            self.at += word.len();
        }
        is_there
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let len = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    fn skip_space(&mut self) {
        self.take_while(char::is_whitespace);
    }

    fn expected(&self, what: &str) -> Error {
        let text = self.text;
        let place = text[..self.at].chars().count() + 1;
        Error::invalid(match self.rest() {
            "" => format!("the rules \"{text}\" end at character {place}; expected: {what}"),
            rest => {
                let found: String = rest.chars().take(12).collect();
                format!(
                    "the rules \"{text}\" are not valid at character {place}, \"{found}\"; expected: {what}"
                )
            }
        })
    }
}

fn example(figure: Figure) -> &'static str {
    match figure {
        Figure::Rate => "a number such as 1000",
        Figure::Failed => "a number such as 0, or 1%",
        Figure::Quantile(_) | Figure::Max | Figure::Average => "a time such as 200ms",
    }
}
