use super::{Node, Slice};

/// Parses a template into text and lists.
pub(super) fn parse(text: &str) -> Result<Vec<Node>, String> {
    let mut parser = Parser { input: text.chars().collect(), at: 0 };
    let mut nodes = Vec::new();
    loop {
        let mut text = String::new();
        while let Some(character) = parser.next() {
            if character == '{' {
                parser.at -= 1;
                break;
            }
            text.push(character);
        }
        if !text.is_empty() {
            nodes.push(Node::Text(text));
        }
        if parser.next().is_none() {
            return Ok(nodes);
        }
        let mut list = Vec::new();
        parser.action(&mut list)?;
        nodes.push(Node::List(list));
    }
}

/// Parses what would stand inside braces.
fn parse_action(text: &str) -> Result<Vec<Node>, String> {
    match parse(&format!("{{{text}}}"))?.into_iter().next() {
        Some(Node::List(nodes)) => Ok(nodes),
        _ => Ok(Vec::new()),
    }
}

struct Parser {
    input: Vec<char>,
    at: usize,
}

/// Returns whether a character ends a name.
fn is_end(character: Option<char>) -> bool {
    match character {
        None => true,
        Some(c) => c.is_whitespace() || matches!(c, '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}'),
    }
}

impl Parser {
    fn next(&mut self) -> Option<char> {
        let next = self.input.get(self.at).copied();
        self.at += 1;
        next
    }

    fn peek(&self) -> Option<char> {
        self.input.get(self.at).copied()
    }

    fn skip(&mut self, word: &str) -> bool {
        let found = self.input.get(self.at..).unwrap_or_default();
        let is_there = word.chars().zip(found).filter(|(a, b)| a == *b).count() == word.len();
        if is_there {
            self.at += word.len();
        }
        is_there
    }

    fn since(&self, start: usize) -> String {
        self.input[start..self.at].iter().collect()
    }

    fn action(&mut self, list: &mut Vec<Node>) -> Result<(), String> {
        loop {
            if self.skip("}") {
                return Ok(());
            }
            if self.skip("[?(") {
                self.filter(list)?;
                continue;
            }
            if self.skip("..") {
                if list.last() == Some(&Node::Recursive) {
                    return Err("invalid multiple recursive descent".to_owned());
                }
                list.push(Node::Recursive);
                if self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_') {
                    self.field(list);
                }
                continue;
            }
            match self.next() {
                None | Some('\n' | '\r') => return Err("unclosed action".to_owned()),
                Some(' ' | '@' | '$') => {}
                Some('[') => self.array(list)?,
                Some(quote @ ('"' | '\'')) => self.quoted(list, quote)?,
                Some('.') => self.field(list),
                Some(c) if c == '+' || c == '-' || c.is_numeric() => self.number(list)?,
                Some(c) if c.is_alphanumeric() || c == '_' => self.identifier(list),
                Some(c) => {
                    let code = u32::from(c);
                    return Err(format!("unrecognized character in action: U+{code:04X} '{c}'"));
                }
            }
        }
    }

    fn identifier(&mut self, list: &mut Vec<Node>) {
        let start = self.at - 1;
        while !is_end(self.peek()) {
            self.at += 1;
        }
        let name = self.since(start);
        list.push(match name.as_str() {
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            _ => Node::Identifier(name),
        });
    }

    fn number(&mut self, list: &mut Vec<Node>) -> Result<(), String> {
        let start = self.at - 1;
        while self.peek().is_some_and(|c| c == '.' || c.is_numeric()) {
            self.at += 1;
        }
        let text = self.since(start);
        let node = text.parse().map(Node::Int).or_else(|_| text.parse().map(Node::Float));
        list.push(node.map_err(|_| format!("cannot parse number {text}"))?);
        Ok(())
    }

    fn field(&mut self, list: &mut Vec<Node>) {
        let mut name = String::new();
        let mut is_wildcard = true;
        while !is_end(self.peek()) {
            match self.next() {
                Some('\\') => {
                    is_wildcard = false;
                    name.extend(self.next().filter(|next| *next != '\\'));
                }
                next => name.extend(next),
            }
        }
        let is_wildcard = is_wildcard && name == "*";
        list.push(if is_wildcard { Node::Wildcard } else { Node::Field(name) });
    }

    fn quoted(&mut self, list: &mut Vec<Node>, quote: char) -> Result<(), String> {
        let start = self.at;
        loop {
            match self.next() {
                None | Some('\n' | '\r') => return Err("unterminated quoted string".to_owned()),
                Some(c) if c == quote && self.input[self.at - 2] != '\\' => break,
                Some(_) => {}
            }
        }
        let inner: String = self.input[start..self.at - 1].iter().collect();
        let text = unquote(&inner)
            .ok_or_else(|| format!("unquote string {quote}{inner}{quote} error invalid syntax"))?;
        list.push(Node::Text(text));
        Ok(())
    }

    fn array(&mut self, list: &mut Vec<Node>) -> Result<(), String> {
        let start = self.at;
        loop {
            match self.next() {
                None | Some('\n' | '\r') => return Err("unterminated array".to_owned()),
                Some(']') => break,
                Some(_) => {}
            }
        }
        let text: String = self.input[start..self.at - 1].iter().collect();
        let text = if text == "*" { ":" } else { &text };
        if text.contains(',') {
            let parts =
                text.split(',').map(|part| parse_action(&format!("[{}]", part.trim_matches(' '))));
            list.push(Node::Union(parts.collect::<Result<_, _>>()?));
            return Ok(());
        }
        let key = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        if let Some(key) = key.filter(|key| !key.contains('\'')) {
            list.extend(parse_action(&format!(".{key}"))?);
            return Ok(());
        }
        list.push(Node::Slice(slice(text)?));
        Ok(())
    }

    fn filter(&mut self, list: &mut Vec<Node>) -> Result<(), String> {
        let start = self.at;
        let mut quote = None;
        let mut is_closed = false;
        loop {
            match self.next() {
                None | Some('\n' | '\r') => return Err("unterminated filter".to_owned()),
                Some(c @ ('"' | '\'')) => match quote {
                    None => quote = Some(c),
                    Some(open) if open == c && self.input[self.at - 2] != '\\' => is_closed = true,
                    Some(_) => {}
                },
                Some(')') if quote.is_some() == is_closed => break,
                Some(_) => {}
            }
        }
        let text: String = self.input[start..self.at - 1].iter().collect();
        if self.next() != Some(']') {
            return Err("unclosed array expect ]".to_owned());
        }
        let is_sign = |c: char| matches!(c, '!' | '<' | '>' | '=');
        let begin = text.find(is_sign).filter(|begin| *begin > 0);
        let end = begin.and_then(|begin| {
            let signs = text[begin..].find(|c| !is_sign(c));
            // The last sign may belong to the right side, which must not be empty.
            signs
                .or_else(|| (text.len() > begin + 1).then(|| text.len() - begin - 1))
                .map(|length| begin + length)
        });
        list.push(match begin.zip(end) {
            None => {
                let left = parse_action(&text)?;
                Node::Filter { left, right: Vec::new(), operator: "exists".to_owned() }
            }
            Some((begin, end)) => Node::Filter {
                left: parse_action(&text[..begin])?,
                right: parse_action(&text[end..])?,
                operator: text[begin..end].to_owned(),
            },
        });
        Ok(())
    }
}

fn slice(text: &str) -> Result<Slice, String> {
    let invalid = || format!("invalid array index {text}");
    let parts: Vec<&str> = text.split(':').collect();
    let is_number = |part: &&str| {
        part.strip_prefix('-').unwrap_or(part).bytes().all(|byte| byte.is_ascii_digit())
    };
    if parts.len() > 3 || !parts.iter().all(is_number) {
        return Err(invalid());
    }
    let number = |index: usize| match parts.get(index) {
        None | Some(&"") => Ok(None),
        Some(part) => {
            part.parse().map(Some).map_err(|_| format!("array index {part} is not a number"))
        }
    };
    let start = number(0)?;
    let is_index = parts.len() == 1;
    let end = if is_index { Some(start.unwrap_or(0) + 1) } else { number(1)? };
    Ok(Slice { start, end, step: number(2)?, is_index })
}

/// Resolves the escapes of a quoted text, `None` for one that is none.
fn unquote(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        let kind = characters.next()?;
        let length = match kind {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        out.push(match kind {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '\\' | '\'' | '"' => kind,
            _ if length > 0 => {
                let digits: String = characters.by_ref().take(length).collect();
                char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
            }
            _ => return None,
        });
    }
    Some(out)
}
