use rand::RngExt;

use super::Scenario;
use super::values::Values;

/// Which step a visitor does next.
#[derive(Debug)]
pub(super) struct Course {
    has_account: bool,
    account: Account,
    phase: Phase,
    /// How many steps are still drawn.
    left: u32,
    /// The step that follows by `then`, or waited for the visitor to sign in.
    next: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Account {
    SignedOut,
    /// The steps that sign in are under way, because this one needs it.
    SigningIn {
        waits: usize,
    },
    SignedIn,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Begins,
    Draws,
    Ends,
    Over,
}

impl Course {
    pub(super) fn new(scenario: &Scenario, values: &mut Values) -> Self {
        Self {
            has_account: values.random.random_bool(scenario.visit.share),
            account: Account::SignedOut,
            phase: Phase::Begins,
            left: values.random.random_range(scenario.visit.steps.clone()),
            next: None,
        }
    }

    /// The next step; none when the visit is over.
    pub(super) fn next(&mut self, scenario: &Scenario, values: &mut Values) -> Option<usize> {
        let step = match self.next_of_chain(scenario, values) {
            Some(step) => step,
            None => {
                let first = self.begin_chain(scenario, values)?;
                values.draw_anew();
                first
            }
        };
        match scenario.visit.signs_in {
            Some(sign_in)
                if scenario.steps[step].signed_in == Some(true)
                    && self.account == Account::SignedOut =>
            {
                self.account = Account::SigningIn { waits: step };
                Some(sign_in)
            }
            _ => Some(step),
        }
    }

    /// What follows, where the values that it needs are there.
    fn next_of_chain(&mut self, scenario: &Scenario, values: &Values) -> Option<usize> {
        while let Some(step) = self.next.take() {
            if scenario.steps[step].needs().all(|value| values.has(value)) {
                return Some(step);
            }
            self.chain_ended();
        }
        None
    }

    fn begin_chain(&mut self, scenario: &Scenario, values: &mut Values) -> Option<usize> {
        loop {
            match self.phase {
                Phase::Begins => {
                    self.phase = Phase::Draws;
                    if scenario.visit.begins.is_some() {
                        return scenario.visit.begins;
                    }
                }
                Phase::Draws => {
                    let drawn = match self.left {
                        0 => None,
                        _ => self.draw(scenario, values),
                    };
                    match drawn {
                        Some(_) => {
                            self.left -= 1;
                            return drawn;
                        }
                        None => self.phase = Phase::Ends,
                    }
                }
                Phase::Ends => {
                    self.phase = Phase::Over;
                    if let Some(step) = scenario.visit.ends
                        && self.can(scenario, step, values)
                        // Nobody signs in to sign out.
                        && (!scenario.chains[step].signed_in || self.account == Account::SignedIn)
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
        let whole: f64 = numbers.clone().filter_map(|n| weight(n, values)).sum();
        if whole <= 0.0 {
            return None;
        }
        let mut drawn = values.random.random_range(0.0..whole);
        let mut last = None;
        for number in numbers {
            if let Some(weight) = weight(number, values) {
                // The last one also where rounding leaves something over.
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
        let chain = &scenario.chains[step];
        let signs_in = match self.account {
            Account::SignedOut if scenario.steps[step].signed_in == Some(true) => {
                scenario.visit.signs_in.map(|step| &scenario.chains[step])
            }
            _ => None,
        };
        chain.is_for(self.has_account) && chain.can_begin(signs_in, |value| values.has(value))
    }

    /// The step was done: what follows it comes next.
    pub(super) fn done(&mut self, scenario: &Scenario, step: usize) {
        match scenario.steps[step].then {
            Some(then) => self.next = Some(then),
            None => self.chain_ended(),
        }
    }

    fn chain_ended(&mut self) {
        if let Account::SigningIn { waits } = self.account {
            self.account = Account::SignedIn;
            self.next = Some(waits);
        }
    }

    /// The step went wrong: what would follow it is left out, and who cannot sign in goes away.
    pub(super) fn failed(&mut self) {
        self.next = None;
        if let Account::SigningIn { .. } = self.account {
            self.account = Account::SignedOut;
            self.phase = Phase::Over;
        }
    }
}
