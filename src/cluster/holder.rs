use std::fmt;
use std::fs;

/// A process that holds the lock of a release.
///
/// `Display` and [`Holder::parse`] are each other's inverse: `user@host:pid:start:machine`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// `user@host`, for people.
    pub whom: String,
    /// The number of the process; 0 when not known.
    pub pid: u32,
    /// When the process began, in ticks since the machine did: numbers come back, with another
    /// start.
    start: u64,
    /// What tells this run of this machine, and this set of process numbers, from all others. Empty
    /// when not known.
    machine: String,
}

impl Holder {
    /// Returns this process, run by `user`.
    #[must_use]
    pub fn this(user: &str) -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let host = read("/proc/sys/kernel/hostname");
        let pid = std::process::id();
        // Containers have process numbers of their own.
        let space = fs::read_link("/proc/self/ns/pid");
        let machine = match (read("/proc/sys/kernel/random/boot_id"), space) {
            (boot, Ok(space)) if !boot.is_empty() => {
                let space: String =
                    space.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
                format!("{boot}-{space}")
            }
            _ => String::new(),
        };
        Holder {
            whom: format!("{user}@{host}"),
            pid,
            start: start_of(pid).unwrap_or_default(),
            machine,
        }
    }

    /// Reads the form in Leases. What was written by someone else is a name alone.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut parts = text.rsplitn(4, ':');
        let machine = parts.next().unwrap_or_default();
        let start = parts.next().and_then(|start| start.parse().ok());
        let pid = parts.next().and_then(|pid| pid.parse().ok());
        match (start, pid, parts.next()) {
            (Some(start), Some(pid), Some(whom)) => {
                Holder { whom: whom.to_owned(), pid, start, machine: machine.to_owned() }
            }
            _ => Holder { whom: text.to_owned(), pid: 0, start: 0, machine: String::new() },
        }
    }

    /// Returns whether its processes can be seen from here.
    #[must_use]
    pub fn is_of_this_machine(&self) -> bool {
        !self.machine.is_empty() && self.machine == Holder::this("").machine
    }

    /// Returns whether the process is known to have ended. `false` for those of other machines.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.is_of_this_machine() && start_of(self.pid) != Some(self.start)
    }
}

/// Returns when a process began; `None` when there is no such process, or only what is left of it.
fn start_of(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the name in brackets, which may hold anything; the third is the state.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    if matches!(fields.next(), Some("Z" | "X")) {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Holder { whom, pid, start, machine } = self;
        write!(f, "{whom}:{pid}:{start}:{machine}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_inverse() {
        let this = Holder::this("ann");
        assert_eq!(Holder::parse(&this.to_string()), this);
        let odd = Holder { whom: "a:b@c".to_owned(), ..this };
        assert_eq!(Holder::parse(&odd.to_string()), odd);
        assert_eq!(Holder::parse("kubectl").whom, "kubectl");
        assert!(!Holder::parse("kubectl").is_dead());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_dead_are_known() {
        let this = Holder::this("ann");
        assert!(!this.is_dead());
        assert!(Holder { start: this.start + 1, ..this.clone() }.is_dead());
        assert!(!Holder { machine: "another".to_owned(), pid: 1, ..this.clone() }.is_dead());
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let (pid, start) = (child.id(), start_of(child.id()).unwrap_or_default());
        child.wait().unwrap();
        assert!(Holder { pid, start, ..this }.is_dead());
    }
}
