use std::cmp::Ordering;

use unicode_general_category::{GeneralCategory, get_general_category};

use crate::value::{Str, Value};

fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    matches!(
        get_general_category(c),
        GeneralCategory::UppercaseLetter
            | GeneralCategory::LowercaseLetter
            | GeneralCategory::TitlecaseLetter
            | GeneralCategory::ModifierLetter
            | GeneralCategory::OtherLetter
    )
}

fn is_digit(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_digit();
    }
    get_general_category(c) == GeneralCategory::DecimalNumber
}

/// Compares two keys in the order in which Helm's YAML writer puts them: `a9` before `a10`.
///
/// At the first difference letters compare by code point, a non-letter comes before a letter, and
/// otherwise the numbers that start there decide. For odd mixes of digits and letters the order
/// is not transitive, so it must not be given to the standard sorts.
///
/// # Source
/// The key order of go-yaml's encoder.
#[must_use]
pub fn natural_cmp(a: &str, b: &str) -> Ordering {
    compare(a, b, false)
}

/// Compares by [`natural_cmp`], or as go-yaml 3 does: there a letter right behind a digit comes
/// before a non-letter.
fn compare(a: &str, b: &str, letters_after_digits_first: bool) -> Ordering {
    let same = a.as_bytes().iter().zip(b.as_bytes()).take_while(|(x, y)| x == y).count();
    let mut same = same.min(a.len()).min(b.len());
    while !a.is_char_boundary(same) || !b.is_char_boundary(same) {
        same -= 1;
    }
    let (Some(x), Some(y)) = (a[same..].chars().next(), b[same..].chars().next()) else {
        return a.len().cmp(&b.len());
    };
    match (is_letter(x), is_letter(y)) {
        (true, true) => return x.cmp(&y),
        (false, false) => {}
        (letter, _) => {
            let flip =
                letters_after_digits_first && a[..same].chars().next_back().is_some_and(is_digit);
            return if letter == flip { Ordering::Less } else { Ordering::Greater };
        }
    }
    // A zero inside a longer number must weigh as a digit, not as a leading zero.
    let inside = (x == '0' || y == '0')
        && a[..same].chars().rev().take_while(|c| is_digit(*c)).any(|c| c != '0');
    let run = |text: &str| {
        text.chars().take_while(|c| is_digit(*c)).fold((0, i64::from(inside)), |(count, n), c| {
            let digit = i64::from(u32::from(c)) - i64::from(u32::from('0'));
            (count + 1, n.wrapping_mul(10).wrapping_add(digit))
        })
    };
    let (x_length, x_number): (usize, i64) = run(&a[same..]);
    let (y_length, y_number) = run(&b[same..]);
    x_number.cmp(&y_number).then(x_length.cmp(&y_length)).then(x.cmp(&y))
}

/// Sorts entries by [`natural_cmp`]. A merge sort that bears an order which is not transitive.
pub(super) fn sort<'a>(
    entries: &mut Vec<(std::borrow::Cow<'a, str>, &'a (Str, Value))>,
    letters_after_digits_first: bool,
) {
    let greater = |a: &str, b: &str| compare(a, b, letters_after_digits_first) == Ordering::Greater;
    if entries.windows(2).all(|w| !greater(&w[0].0, &w[1].0)) {
        return;
    }
    let middle = entries.len() / 2;
    let mut right = entries.split_off(middle);
    sort(entries, letters_after_digits_first);
    sort(&mut right, letters_after_digits_first);
    let left = std::mem::take(entries);
    entries.reserve(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if greater(&a.0, &b.0) { &mut right } else { &mut left };
        entries.extend(next.next());
    }
    entries.extend(left);
    entries.extend(right);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascending() {
        let rows: [&[&str]; 4] = [
            &["1", "2", "10"],
            &["a b", "a-b", "a.b", "a/b", "a_b", "a1", "a9", "a10", "aB", "ab"],
            &["", "A", "B", "a", "é"],
            &["a100", "a101", "a1000"],
        ];
        for row in rows {
            for pair in row.windows(2) {
                assert_eq!(natural_cmp(pair[0], pair[1]), Ordering::Less, "{pair:?}");
                assert_eq!(natural_cmp(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
            }
        }
    }
}
