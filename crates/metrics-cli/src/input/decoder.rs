//! Calls into a decoder that may panic.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Calls `decode`, and returns its result or the message of its panic.
///
/// The parquet crate does not check everything it reads: about one damaged file in a few hundred makes
/// it panic. To a user, that file is one more file that cannot be read. The first call changes the panic
/// hook of the process, so that panics in `decode` are not printed. All other panics still are.
///
/// The decoder must not be used again after a panic.
pub(crate) fn catch_panic<T>(decode: impl FnOnce() -> T) -> Result<T, String> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !DECODING.get() {
                print(info);
            }
        }));
    });
    DECODING.set(true);
    // The caller drops the decoder on an error, so a half-changed one is never used.
    let result = panic::catch_unwind(AssertUnwindSafe(decode));
    DECODING.set(false);
    result.map_err(|payload| message(payload.as_ref()))
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    format!("the decoder failed: {}", text.unwrap_or("no reason given"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message() {
        assert_eq!(catch_panic(|| 7), Ok(7));
        assert_eq!(
            catch_panic::<()>(|| panic!("a {}", "b")),
            Err("the decoder failed: a b".into())
        );
        assert_eq!(catch_panic::<()>(|| panic!("c")), Err("the decoder failed: c".to_owned()));
    }
}
