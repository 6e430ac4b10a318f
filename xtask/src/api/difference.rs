//! What two listings do not share.

use std::collections::HashMap;

/// Lines that only one of two listings has, or has more often: `-` those of the first, `+` those of the
/// second, each where it stands. Lines that only stand elsewhere are no difference.
pub(super) fn difference(before: &[String], after: &[String]) -> Vec<String> {
    let (removed, added) = (without(before, after), without(after, before));
    let mut news = after.iter().zip(added).peekable();
    let mut lines = Vec::new();
    // The lines that both have bring the two listings back in step.
    for (line, is_removed) in before.iter().zip(removed) {
        if is_removed {
            lines.push(format!("-{line}"));
            continue;
        }
        while let Some((new, _)) = news.next_if(|(_, is_added)| *is_added) {
            lines.push(format!("+{new}"));
        }
        news.next();
    }
    lines.extend(news.filter(|(_, is_added)| *is_added).map(|(new, _)| format!("+{new}")));
    lines
}

/// Whether each line has no partner in the others.
fn without(lines: &[String], others: &[String]) -> Vec<bool> {
    let mut partners: HashMap<&String, usize> = HashMap::new();
    for other in others {
        *partners.entry(other).or_default() += 1;
    }
    let mut is_alone = |line| match partners.get_mut(line) {
        Some(n_left) if *n_left > 0 => {
            *n_left -= 1;
            false
        }
        _ => true,
    };
    lines.iter().map(&mut is_alone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(before: &[&str], after: &[&str]) -> Vec<String> {
        let owned = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect::<Vec<_>>();
        difference(&owned(before), &owned(after))
    }

    #[test]
    fn equal_listings_do_not_differ() {
        assert!(between(&["a", "b"], &["a", "b"]).is_empty());
        assert!(between(&[], &[]).is_empty());
    }

    #[test]
    fn a_changed_line_stands_beside_what_it_was() {
        let before = ["fn a()", "fn b(u32)", "fn c()", "fn d()"];
        let after = ["fn a()", "fn b(u64)", "fn c()", "fn d()", "fn e()"];
        assert_eq!(between(&before, &after), ["-fn b(u32)", "+fn b(u64)", "+fn e()"]);
    }

    #[test]
    fn all_of_a_new_listing_is_added_and_all_of_an_old_one_removed() {
        assert_eq!(between(&[], &["a", "b"]), ["+a", "+b"]);
        assert_eq!(between(&["a", "b"], &[]), ["-a", "-b"]);
    }

    #[test]
    fn one_of_two_equal_lines_is_missed() {
        assert_eq!(between(&["impl T", "f", "impl A", "f"], &["impl T", "impl A", "f"]), ["-f"]);
        assert_eq!(between(&["f"], &["f", "f"]), ["+f"]);
    }

    #[test]
    fn another_order_is_no_difference_and_hides_none() {
        assert!(between(&["a", "b", "c"], &["c", "a", "b"]).is_empty());
        assert_eq!(between(&["a", "b", "c"], &["c", "x", "a"]), ["-b", "+x"]);
    }
}
