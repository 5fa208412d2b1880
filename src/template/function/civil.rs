//! Calendar arithmetic over all of Go's range of years.

const DAY: i64 = 86_400;

/// A date and a time of day without a zone. [`Civil::to_unix`] normalises fields out of range.
#[derive(Clone, Copy, Debug)]
pub(super) struct Civil {
    pub(super) year: i64,
    /// 1 to 12.
    pub(super) month: i64,
    /// 1 to 31.
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) nanosecond: i64,
}

impl Civil {
    /// Splits seconds since 1970 on a clock that shows UTC.
    pub(super) fn from_unix(seconds: i64, nanosecond: i64) -> Self {
        let (days, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        // Years are counted from March, so that the leap day is the last of its year.
        let days = days + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Civil {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month,
            day,
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
            nanosecond,
        }
    }

    /// Returns the seconds since 1970 at which a clock that shows UTC shows this.
    pub(super) fn to_unix(self) -> i64 {
        let months = self.month - 1;
        let year = self.year.wrapping_add(months.div_euclid(12));
        let days = days_before(year, months.rem_euclid(12) + 1).wrapping_add(self.day - 1);
        days.wrapping_mul(DAY)
            .wrapping_add(self.hour.wrapping_mul(3600))
            .wrapping_add(self.minute.wrapping_mul(60))
            .wrapping_add(self.second)
    }

    /// Returns the day of the week; Sunday is 0.
    pub(super) fn weekday(&self) -> i64 {
        (days_before(self.year, self.month) + self.day - 1 + 4).rem_euclid(7)
    }

    /// Returns the day of the year, from 1.
    pub(super) fn year_day(&self) -> i64 {
        days_before(self.year, self.month) - days_before(self.year, 1) + self.day
    }
}

/// Returns the days from 1970 to the first of a month.
fn days_before(year: i64, month: i64) -> i64 {
    let year = if month <= 2 { year.wrapping_sub(1) } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era.wrapping_mul(146_097).wrapping_add(day_of_era - 719_468)
}

/// Returns how many days `month` has in `year`.
pub(super) fn days_in_month(year: i64, month: i64) -> i64 {
    if month == 12 { 31 } else { days_before(year, month + 1) - days_before(year, month) }
}

/// Returns month and day of the `year_day`th day of `year`; `None` when there is no such day.
pub(super) fn month_of_year_day(year: i64, year_day: i64) -> Option<(i64, i64)> {
    let mut day = year_day;
    if day < 1 {
        return None;
    }
    for month in 1..=12 {
        let days = days_in_month(year, month);
        if day <= days {
            return Some((month, day));
        }
        day -= days;
    }
    None
}
