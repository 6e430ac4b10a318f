//! Merging sequences of runs.

use super::Run;

/// Merges two sequences of runs, each from high to low.
pub(super) fn merge(
    a: impl Iterator<Item = Run>,
    b: impl Iterator<Item = Run>,
) -> impl Iterator<Item = Run> {
    let (mut a, mut b) = (a.peekable(), b.peekable());
    std::iter::from_fn(move || match (a.peek(), b.peek()) {
        (Some(x), Some(y)) if x.key == y.key => {
            let (x, y) = (a.next()?, b.next()?);
            Some(Run {
                key: x.key,
                n_positives: x.n_positives + y.n_positives,
                n_negatives: x.n_negatives + y.n_negatives,
            })
        }
        (Some(x), Some(y)) if x.key > y.key => a.next(),
        (Some(_), None) => a.next(),
        _ => b.next(),
    })
}

/// A tournament tree over the next runs of the sequences. After a run is taken, only its sequence plays
/// again: one match for each bit of the number of sequences.
pub(super) struct Merge<I> {
    parts: Vec<I>,
    /// The next run of each sequence; any run at its end.
    next: Vec<Run>,
    /// The loser of each match, after the winner of all.
    losers: Vec<Player>,
}

/// A sequence in the tournament.
#[derive(Clone, Copy)]
struct Player {
    /// One more than the key of its next run, 0 at its end.
    rank: u128,
    part: usize,
}

impl Player {
    /// A sequence that has not played yet; it wins against all others.
    const ABSENT: Self = Self { rank: u128::MAX, part: 0 };
}

impl<I: Iterator<Item = Run>> Merge<I> {
    pub(super) fn new(parts: Vec<I>) -> Self {
        let n = parts.len();
        let none = Run { key: 0, n_positives: 0, n_negatives: 0 };
        let mut merge = Self { parts, next: vec![none; n], losers: vec![Player::ABSENT; n] };
        for part in (0..n).rev() {
            merge.play(part);
        }
        merge
    }

    /// Reads the next run of a sequence and plays its matches up to the last one.
    fn play(&mut self, part: usize) {
        let mut rank = 0;
        if let Some(run) = self.parts[part].next() {
            self.next[part] = run;
            rank = u128::from(run.key) + 1;
        }
        let mut winner = Player { rank, part };
        let mut at = (part + self.parts.len()) / 2;
        while at > 0 {
            let loser = self.losers[at];
            let is_beaten = loser.rank > winner.rank;
            // No branch: the winner is hard to predict.
            self.losers[at] = if is_beaten { winner } else { loser };
            winner = if is_beaten { loser } else { winner };
            at /= 2;
        }
        self.losers[0] = winner;
    }

    /// The highest run, and the number of its sequence.
    fn peek(&self) -> Option<(Run, usize)> {
        let winner = self.losers.first().filter(|winner| winner.rank > 0)?;
        Some((self.next[winner.part], winner.part))
    }
}

impl<I: Iterator<Item = Run>> Iterator for Merge<I> {
    type Item = Run;

    fn next(&mut self) -> Option<Run> {
        let (mut run, part) = self.peek()?;
        self.play(part);
        while let Some((same, part)) = self.peek().filter(|(next, _)| next.key == run.key) {
            run.n_positives += same.n_positives;
            run.n_negatives += same.n_negatives;
            self.play(part);
        }
        Some(run)
    }
}
