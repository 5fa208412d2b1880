use super::color::seen;

/// A table as Helm prints it: cells padded to their column's width, parted by tabs.
#[derive(Debug, Default)]
pub(in crate::cli) struct Table {
    rows: Vec<Vec<String>>,
    /// The longest cell, in characters; 0 for no limit.
    limit: usize,
}

impl Table {
    /// Makes a table whose cells are cut to `limit` characters; 0 is no limit.
    pub(in crate::cli) fn limited(limit: usize) -> Self {
        Table { limit, ..Table::default() }
    }

    pub(in crate::cli) fn push<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(|cell| cut(cell.into(), self.limit)).collect());
    }

    /// Returns the lines, each with its line feed. Cells of several lines make several lines.
    pub(in crate::cli) fn to_text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.flat_map(|cell| cell.split('\n')).map(seen).max()
        };
        let limit = if self.limit == 0 { usize::MAX } else { self.limit };
        let widths: Vec<_> =
            (0..columns).map(|column| width(column).unwrap_or(0).min(limit)).collect();
        let mut text = String::new();
        let fit = |(column, cell): (usize, &String)| fit(cell, widths[column]);
        for row in &self.rows {
            let row: Vec<String> = row.iter().enumerate().map(fit).collect();
            let height = row.iter().map(|cell| cell.split('\n').count()).max().unwrap_or(1);
            for line in 0..height {
                for (column, cell) in row.iter().enumerate() {
                    if column > 0 {
                        text.push('\t');
                    }
                    let part = cell.split('\n').nth(line).unwrap_or("");
                    text.push_str(part);
                    let missing = widths[column].saturating_sub(seen(part));
                    text.extend(std::iter::repeat_n(' ', missing));
                }
                text.push('\n');
            }
        }
        text
    }
}

/// Cuts a text of several lines that is longer than the longest of them, as Helm's table does, which
/// measures lines and cuts texts.
fn fit(text: &str, width: usize) -> String {
    let is_long = text.chars().filter(|c| *c != '\n').count() > width;
    // Colored cells have one line.
    if !is_long || !text.contains('\n') {
        return text.to_owned();
    }
    let mut room = width.saturating_sub(3);
    let mut kept = String::new();
    for c in text.chars() {
        if c != '\n' {
            if room == 0 {
                break;
            }
            room -= 1;
        }
        kept.push(c);
    }
    kept.push_str("...");
    kept
}

/// Cuts a text as Helm's table does: at least one character stays, and `...` follows.
fn cut(text: String, limit: usize) -> String {
    if limit == 0 || text.chars().count() <= limit {
        return text;
    }
    let kept: String = text.chars().take(limit.saturating_sub(3).max(1)).collect();
    format!("{kept}...")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_padded_and_lines_kept() {
        let mut table = Table::default();
        table.push(["NAME", "DESCRIPTION"]);
        table.push(["a", "one\ntwo, longer than that"]);
        assert_eq!(
            table.to_text(),
            "NAME\tDESCRIPTION          \na   \tone                  \n    \ttwo, longer tha...   \n"
        );
    }
}
