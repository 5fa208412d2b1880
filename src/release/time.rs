use std::fmt;

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::{Offset, TimeZone};

/// An instant with the offset from UTC it was written with, as Go's `time.Time` keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    instant: Timestamp,
    offset: Offset,
}

impl Time {
    /// Makes the time of an instant in a time zone.
    #[must_use]
    pub fn new(instant: Timestamp, zone: &TimeZone) -> Self {
        Time { instant, offset: zone.to_offset(instant) }
    }

    /// Returns the instant.
    #[must_use]
    pub fn instant(&self) -> Timestamp {
        self.instant
    }

    /// Reads RFC 3339 text. The zero time of Go and the empty text give `None`.
    ///
    /// # Errors
    /// The text, when it is no time.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        if text.is_empty() || text.starts_with("0001-01-01T00:00:00") {
            return Ok(None);
        }
        let pieces: jiff::fmt::temporal::Pieces<'_> =
            jiff::fmt::temporal::Pieces::parse(text).map_err(|_| text.to_owned())?;
        let instant: Timestamp = text.parse().map_err(|_| text.to_owned())?;
        let offset = pieces.to_numeric_offset().unwrap_or(Offset::UTC);
        Ok(Some(Time { instant, offset }))
    }

    /// Returns the form of Go's `time.RFC3339Nano`, the one in records.
    #[must_use]
    pub fn to_rfc3339(&self) -> String {
        let mut text = self.date_and_time('T');
        if self.offset == Offset::UTC {
            text.push('Z');
        } else {
            push_offset(&mut text, self.offset, ":");
        }
        text
    }

    fn date_and_time(&self, between: char) -> String {
        let local = self.offset.to_datetime(self.instant);
        let mut text = format!(
            "{:04}-{:02}-{:02}{between}{:02}:{:02}:{:02}",
            local.year(),
            local.month(),
            local.day(),
            local.hour(),
            local.minute(),
            local.second()
        );
        push_fraction(&mut text, local.subsec_nanosecond());
        text
    }

    /// Returns the form of Go's `time.ANSIC`: `Sat Nov 21 01:47:34 2026`.
    #[must_use]
    pub fn to_ansic(&self) -> String {
        strtime::format("%a %b %e %H:%M:%S %Y", self.offset.to_datetime(self.instant))
            .unwrap_or_default()
    }

    /// Returns the time by a layout of Go's, such as `2006-01-02`.
    #[must_use]
    pub fn format(&self, layout: &str) -> String {
        crate::template::function::format_time(self.instant, self.offset, layout)
    }

    /// Returns the form of Go's `Time.String`: `2026-11-21 13:27:54.2 +0000 UTC`.
    ///
    /// Other zones are written by their offset alone, as Go does when it has no name for them.
    #[must_use]
    pub fn to_go_string(&self) -> String {
        let mut text = self.date_and_time(' ');
        text.push(' ');
        push_offset(&mut text, self.offset, "");
        text.push(' ');
        if self.offset == Offset::UTC {
            text.push_str("UTC");
        } else {
            push_offset(&mut text, self.offset, "");
        }
        text
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

fn push_fraction(text: &mut String, nanoseconds: i32) {
    if nanoseconds != 0 {
        let digits = format!("{nanoseconds:09}");
        text.push('.');
        text.push_str(digits.trim_end_matches('0'));
    }
}

fn push_offset(text: &mut String, offset: Offset, separator: &str) {
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.unsigned_abs();
    text.extend([format!("{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let cases = [
            (
                "2026-11-21T13:27:54.22397658Z",
                "Sat Nov 21 13:27:54 2026",
                "2026-11-21 13:27:54.22397658 +0000 UTC",
            ),
            (
                "2026-11-01T03:27:54-05:30",
                "Sun Nov  1 03:27:54 2026",
                "2026-11-01 03:27:54 -0530 -0530",
            ),
        ];
        for (text, ansic, go) in cases {
            let time = Time::parse(text).unwrap().unwrap();
            assert_eq!(time.to_rfc3339(), text);
            assert_eq!(time.to_ansic(), ansic);
            assert_eq!(time.to_go_string(), go);
            assert_eq!(time.format("Mon Jan _2 15:04:05 2006"), ansic);
        }
    }

    #[test]
    fn no_time() {
        assert_eq!(Time::parse(""), Ok(None));
        assert_eq!(Time::parse("0001-01-01T00:00:00Z"), Ok(None));
        assert_eq!(Time::parse("yesterday"), Err("yesterday".to_owned()));
    }
}
