//! Cases measured by running torcheval and Paddle, on every backend.
//!
//! Each case agrees, differs on purpose, or is about something this release does not have; the
//! lists in `lists.rs` say which and why. See `tests/data/golden/README.md`.

#[path = "../common/backends.rs"]
mod backends;
mod case;
mod lists;
mod run;

use std::collections::BTreeSet;

use backends::on_every_backend;
use case::{Case, Expected};
use lists::{CASES_OUT_OF_SCOPE, DIFFERENCES, Instead, METRICS_OUT_OF_SCOPE, REFUSALS};
use run::{Ours, run, running_auc};
use tensor_metrics::Backend;

/// Where a case belongs.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Agrees,
    BothRefuse,
    DiffersOnPurpose,
    OutOfScope,
}

#[test]
fn every_case_agrees_or_is_listed() {
    on_every_backend!(check_all());
}

fn check_all<B: Backend + 'static>(backend: &B) {
    let (mut verdicts, mut complaints) = (Vec::new(), Vec::new());
    for case in case::all() {
        match verdict(backend, &case) {
            Ok(verdict) => verdicts.push(verdict),
            Err(complaint) => complaints.push(format!("{} {}: {complaint}", case.id, case.metric)),
        }
    }
    let count = |verdict| verdicts.iter().filter(|v| **v == verdict).count();
    println!(
        "{} agree, {} refused by both, {} differ on purpose, {} out of scope",
        count(Verdict::Agrees),
        count(Verdict::BothRefuse),
        count(Verdict::DiffersOnPurpose),
        count(Verdict::OutOfScope),
    );
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

fn verdict<B: Backend + 'static>(backend: &B, case: &Case) -> Result<Verdict, String> {
    if METRICS_OUT_OF_SCOPE.iter().any(|(metric, _)| *metric == case.metric)
        || CASES_OUT_OF_SCOPE.iter().any(|(id, _)| *id == case.id)
    {
        return Ok(Verdict::OutOfScope);
    }
    let (ours, expected) = (run(backend, case), case.expected());
    if let Some((reason, instead)) = difference(&case.id) {
        if agrees(&ours, &expected) {
            return Err(format!("agrees, but is listed as different: {reason}"));
        }
        expect(&ours, instead)?;
        return Ok(Verdict::DiffersOnPurpose);
    }
    if !agrees(&ours, &expected) {
        return Err(format!("{ours:?}, the reference: {expected:?}"));
    }
    let refusal = REFUSALS.iter().find(|(id, _)| *id == case.id);
    match (&ours, refusal) {
        (Ok(_), None) => Ok(Verdict::Agrees),
        (Err(text), Some((_, expected))) if text == expected => Ok(Verdict::BothRefuse),
        _ => Err(format!("{ours:?}, listed as refused: {refusal:?}")),
    }
}

fn difference(id: &str) -> Option<(&'static str, &'static Instead)> {
    DIFFERENCES.iter().find_map(|(reason, cases)| {
        cases.iter().find(|case| case.0 == id).map(|(_, instead)| (*reason, instead))
    })
}

fn agrees(ours: &Ours, expected: &Expected) -> bool {
    match (ours, expected) {
        (Ok(ours), Expected::Outputs(outputs)) => {
            ours.len() == outputs.len() && outputs.iter().zip(ours).all(|(o, ours)| o.agrees(ours))
        }
        (Err(_), Expected::Refused) => true,
        _ => false,
    }
}

/// Holds what we return to what the list says, to the bit.
fn expect(ours: &Ours, expected: &Instead) -> Result<(), String> {
    let expected = match expected {
        Instead::Value(value) => Ok(vec![vec![*value]]),
        Instead::Tasks(values) => Ok(vec![values.to_vec()]),
        Instead::Bins(positives, negatives) => Ok(vec![positives.to_vec(), negatives.to_vec()]),
        Instead::Error(text) => Err(text.to_string()),
    };
    let bits = |ours: &Ours| {
        ours.clone()
            .map(|outputs| outputs.concat().into_iter().map(f64::to_bits).collect::<Vec<_>>())
    };
    if bits(ours) == bits(&expected) {
        return Ok(());
    }
    Err(format!("{ours:?}, the list says: {expected:?}"))
}

#[test]
fn sliding_cases_agree_before_they_slide() {
    on_every_backend!(check_running_areas());
}

/// The value over all batches so far, which stands beside that of the window.
fn check_running_areas<B: Backend + 'static>(backend: &B) {
    for id in ["pd-185", "pd-187"] {
        let case = case::all().into_iter().find(|case| case.id == id).unwrap();
        let expected: Vec<_> = case.value().as_array().unwrap().iter().collect();
        let expected: Vec<_> = expected.iter().map(|step| step["global"].as_f64()).collect();
        let ours = running_auc(backend, &case).unwrap();
        assert_eq!(ours.into_iter().map(Some).collect::<Vec<_>>(), expected, "{id}");
    }
}

#[test]
fn each_case_stands_in_one_list_at_most() {
    let cases = case::all();
    let out_of_scope = |(metric, _): &(&str, &str)| {
        let ids: Vec<_> =
            cases.iter().filter(|case| case.metric == *metric).map(|case| &*case.id).collect();
        assert!(!ids.is_empty(), "no case of metric {metric}");
        ids
    };
    let listed = METRICS_OUT_OF_SCOPE.iter().flat_map(out_of_scope);
    let listed = listed.chain(CASES_OUT_OF_SCOPE.iter().map(|(id, _)| *id));
    let listed = listed.chain(REFUSALS.iter().map(|(id, _)| *id));
    let listed =
        listed.chain(DIFFERENCES.iter().flat_map(|(_, cases)| cases.iter().map(|(id, _)| *id)));

    let ids: BTreeSet<_> = cases.iter().map(|case| &*case.id).collect();
    assert_eq!(ids.len(), cases.len(), "ids are unique");
    let mut seen = BTreeSet::new();
    for id in listed {
        assert!(ids.contains(id), "no case {id}");
        assert!(seen.insert(id), "{id} is listed twice");
    }
}

#[test]
fn the_file_holds_all_cases() {
    assert_eq!(case::all().len(), 151);
}
