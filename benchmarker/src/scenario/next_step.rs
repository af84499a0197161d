//! Chooses the next step of a visitor: the fixed first and last steps, `then`, sign-in, draws by weight.

use rand::RngExt;

use super::definition::Scenario;
use super::values::Values;

/// The position of one visitor in the visit.
#[derive(Debug)]
pub(super) struct NextStep {
    has_account: bool,
    account: Account,
    phase: Phase,
    /// How many steps are still to be drawn.
    draws_left: u32,
    /// The step that follows by `then`, or that waited for the sign-in.
    next: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Account {
    SignedOut,
    /// The sign-in steps are under way, because `pending` needs them.
    SigningIn {
        pending: usize,
    },
    SignedIn,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Begin,
    Draw,
    End,
    Over,
}

impl NextStep {
    pub(super) fn new(scenario: &Scenario, values: &mut Values) -> Self {
        Self {
            has_account: values.random.random_bool(scenario.visit.share),
            account: Account::SignedOut,
            phase: Phase::Begin,
            draws_left: values.random.random_range(scenario.visit.steps.clone()),
            next: None,
        }
    }

    /// The next step, or `None` when the visit is over.
    pub(super) fn next(&mut self, scenario: &Scenario, values: &mut Values) -> Option<usize> {
        let step = match self.following(scenario, values) {
            Some(step) => step,
            None => {
                let first = self.begin(scenario, values)?;
                values.draw_again();
                first
            }
        };
        match scenario.visit.signs_in {
            Some(sign_in)
                if scenario.steps[step].signed_in == Some(true)
                    && self.account == Account::SignedOut =>
            {
                self.account = Account::SigningIn { pending: step };
                Some(sign_in)
            }
            _ => Some(step),
        }
    }

    /// The step that follows by `then`, where the values that it needs exist.
    fn following(&mut self, scenario: &Scenario, values: &Values) -> Option<usize> {
        while let Some(step) = self.next.take() {
            if scenario.steps[step].needs().all(|value| values.has(value)) {
                return Some(step);
            }
            self.last_of_then();
        }
        None
    }

    fn begin(&mut self, scenario: &Scenario, values: &mut Values) -> Option<usize> {
        loop {
            match self.phase {
                Phase::Begin => {
                    self.phase = Phase::Draw;
                    if scenario.visit.begins.is_some() {
                        return scenario.visit.begins;
                    }
                }
                Phase::Draw => {
                    let drawn = match self.draws_left {
                        0 => None,
                        _ => self.draw(scenario, values),
                    };
                    match drawn {
                        Some(_) => {
                            self.draws_left -= 1;
                            return drawn;
                        }
                        None => self.phase = Phase::End,
                    }
                }
                Phase::End => {
                    self.phase = Phase::Over;
                    if let Some(step) = scenario.visit.ends
                        && self.can(scenario, step, values)
                        // A visitor does not sign in only to sign out.
                        && (!scenario.dependencies[step].signed_in || self.account == Account::SignedIn)
                    {
                        return Some(step);
                    }
                }
                Phase::Over => return None,
            }
        }
    }

    /// Draws by weight from the steps that this visitor can do now.
    fn draw(&self, scenario: &Scenario, values: &mut Values) -> Option<usize> {
        let weight = |number: usize, values: &Values| {
            let weight = scenario.steps[number].weight;
            (weight > 0.0 && self.can(scenario, number, values)).then_some(weight)
        };
        let numbers = 0..scenario.steps.len();
        let total: f64 = numbers.clone().filter_map(|n| weight(n, values)).sum();
        if total <= 0.0 {
            return None;
        }
        let mut drawn = values.random.random_range(0.0..total);
        let mut last = None;
        for number in numbers {
            if let Some(weight) = weight(number, values) {
                // Rounding may leave a rest: it belongs to the last step.
                last = Some(number);
                if drawn < weight {
                    break;
                }
                drawn -= weight;
            }
        }
        last
    }

    fn can(&self, scenario: &Scenario, step: usize, values: &Values) -> bool {
        let dependencies = &scenario.dependencies[step];
        let sign_in = match self.account {
            Account::SignedOut if scenario.steps[step].signed_in == Some(true) => scenario
                .visit
                .signs_in
                .map(|step| &scenario.dependencies[step]),
            _ => None,
        };
        dependencies.is_for(self.has_account)
            && dependencies.can_begin(sign_in, |value| values.has(value))
    }

    /// The step is done: the step that follows by `then` is next.
    pub(super) fn done(&mut self, scenario: &Scenario, step: usize) {
        match scenario.steps[step].then {
            Some(then) => self.next = Some(then),
            None => self.last_of_then(),
        }
    }

    fn last_of_then(&mut self) {
        if let Account::SigningIn { pending } = self.account {
            self.account = Account::SignedIn;
            self.next = Some(pending);
        }
    }

    /// The step has failed: drops the steps that follow by `then`, and ends the visit when the sign-in
    /// failed.
    pub(super) fn failed(&mut self) {
        self.next = None;
        if let Account::SigningIn { .. } = self.account {
            self.account = Account::SignedOut;
            self.phase = Phase::Over;
        }
    }
}
