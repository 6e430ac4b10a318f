//! All changes in one source: each beside the code it replaces, behind a test of its number.
//!
//! To compile the core once for each change takes half a minute each. So every change is compiled at once
//! and one is chosen when the tests start: `a + b` becomes `if is(7) { a - b } else { a + b }`.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Arm, BinOp, Block, Expr, ExprBinary, ExprUnary};

use super::Mutant;
use crate::run::Result;

/// Asks whether a change is the chosen one.
pub(super) const ASK: &str = "crate::mutant::is(";

/// The module that woven sources ask; the end of `lib.rs`.
pub(super) const MODULE: &str = r#"
#[doc(hidden)]
pub mod mutant {
    use std::io::Write;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

    const UNKNOWN: u32 = u32::MAX;
    const TRACED: u32 = u32::MAX - 1;
    static CHOSEN: AtomicU32 = AtomicU32::new(UNKNOWN);
    static SEEN: [AtomicBool; 1 << 14] = [const { AtomicBool::new(false) }; 1 << 14];

    /// Whether this change is made.
    #[inline(always)]
    pub fn is(id: u32) -> bool {
        let chosen = CHOSEN.load(Relaxed);
        if chosen >= TRACED { slow(id) } else { chosen == id }
    }

    #[inline(never)]
    fn slow(id: u32) -> bool {
        if CHOSEN.load(Relaxed) == UNKNOWN {
            let chosen = std::env::var("MUTANT").ok().and_then(|id| id.parse().ok());
            let otherwise = if std::env::var_os("MUTANT_TRACE").is_some() { TRACED } else { 0 };
            CHOSEN.store(chosen.unwrap_or(otherwise), Relaxed);
            return is(id);
        }
        let seen = &SEEN[id as usize];
        if !seen.load(Relaxed) && !seen.swap(true, Relaxed) {
            let path = std::env::var_os("MUTANT_TRACE").unwrap();
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            writeln!(file.unwrap(), "{id}").unwrap();
        }
        false
    }
}
"#;

/// A change and the number it is asked for.
pub(super) type Numbered<'m> = (u32, &'m Mutant);

/// The source with the changes woven in, and the numbers of those that found their place.
pub(super) fn weave(source: &str, mutants: &[Numbered<'_>]) -> Result<(String, Vec<u32>)> {
    let file = syn::parse_file(source)?;
    let mut places = Places { source, mutants, inserts: Vec::new(), woven: Vec::new() };
    places.visit_file(&file);
    let Places { mut inserts, woven, .. } = places;
    // Where two meet: what ends comes before what begins, and the outer begins first and ends last.
    inserts.sort_by_key(|insert| (insert.at, insert.order));
    let mut text = String::with_capacity(4 * source.len());
    let mut done = 0;
    for insert in inserts {
        text += &source[done..insert.at];
        text += &insert.text;
        done = insert.at;
    }
    text += &source[done..];
    Ok((text, woven))
}

struct Insert {
    at: usize,
    order: (bool, isize),
    text: String,
}

struct Places<'a> {
    source: &'a str,
    mutants: &'a [Numbered<'a>],
    inserts: Vec<Insert>,
    woven: Vec<u32>,
}

impl<'a> Places<'a> {
    /// The changes of one genre that begin here.
    fn at(&self, start: usize, genre: &str) -> Vec<Numbered<'a>> {
        let here = |mutant: &Mutant| mutant.start == start && mutant.genre == genre;
        self.mutants.iter().filter(|(_, mutant)| here(mutant)).copied().collect()
    }

    fn insert_before(&mut self, at: usize, length: usize, text: String) {
        self.inserts.push(Insert { at, order: (true, -(length as isize)), text });
    }

    /// Puts code beside what others replace it with, a line each so that errors tell which it was.
    fn wrap(&mut self, range: std::ops::Range<usize>, others: &[(u32, String)]) {
        if others.is_empty() {
            return;
        }
        let mut text = "(".to_owned();
        for (id, other) in others {
            text += &format!("if {ASK}{id}) {{\n({other})\n}} else ");
            self.woven.push(*id);
        }
        text += "{\n(";
        let length = range.len();
        self.insert_before(range.start, length, text);
        let order = (false, length as isize);
        self.inserts.push(Insert { at: range.end, order, text: ")\n})".to_owned() });
    }

    fn text(&self, node: &impl Spanned) -> &'a str {
        &self.source[node.span().byte_range()]
    }

    fn body(&mut self, block: &Block) {
        let start = block.span().byte_range().start;
        let open = block.brace_token.span.open().byte_range().end;
        // cargo-mutants names the statements, or the block where there are none.
        let first = block.stmts.first().map_or(start, |stmt| stmt.span().byte_range().start);
        let mut mutants = self.at(first, "FnValue");
        if first != start {
            mutants.extend(self.at(start, "FnValue"));
        }
        for (id, mutant) in mutants {
            let text = format!(" if {ASK}{id}) {{\nreturn {};\n}}\n", mutant.replacement);
            self.woven.push(id);
            self.insert_before(open, usize::MAX / 4, text);
        }
    }
}

/// Whether an expression is a `let` of a condition, or a chain that has one.
fn has_let(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

impl Visit<'_> for Places<'_> {
    fn visit_expr_binary(&mut self, node: &ExprBinary) {
        visit::visit_expr_binary(self, node);
        if has_let(&node.left) || has_let(&node.right) {
            return;
        }
        let start = op_start(&node.op);
        let (left, right) = (self.text(&*node.left), self.text(&*node.right));
        let mutants = self.at(start, "BinaryOperator");
        let others: Vec<_> = mutants
            .into_iter()
            .map(|(id, mutant)| (id, format!("{left} {} {right}", mutant.replacement)))
            .collect();
        self.wrap(node.span().byte_range(), &others);
    }

    fn visit_expr_unary(&mut self, node: &ExprUnary) {
        visit::visit_expr_unary(self, node);
        let range = node.span().byte_range();
        let operand = self.text(&*node.expr).to_owned();
        let mutants = self.at(range.start, "UnaryOperator");
        let others: Vec<_> = mutants.into_iter().map(|(id, _)| (id, operand.clone())).collect();
        self.wrap(range, &others);
    }

    fn visit_expr_struct(&mut self, node: &syn::ExprStruct) {
        visit::visit_expr_struct(self, node);
        let range = node.span().byte_range();
        let mut others = Vec::new();
        for pair in node.fields.pairs() {
            let field = pair.span().byte_range();
            let start = pair.value().span().byte_range().start;
            for (id, _) in self.at(start, "StructField") {
                let (before, after) =
                    (&self.source[range.start..field.start], &self.source[field.end..range.end]);
                others.push((id, format!("{before}{after}")));
            }
        }
        self.wrap(range, &others);
    }

    fn visit_arm(&mut self, node: &Arm) {
        visit::visit_arm(self, node);
        let range = node.span().byte_range();
        for (id, _) in self.at(range.start, "MatchArm") {
            self.woven.push(id);
            let not = format!("!{ASK}{id})");
            match &node.guard {
                Some((_, guard)) => {
                    let at = guard.span().byte_range().start;
                    self.insert_before(at, usize::MAX / 4, format!("{not} && "));
                }
                None => {
                    let at = node.pat.span().byte_range().end;
                    let order = (false, isize::MAX / 4);
                    self.inserts.push(Insert { at, order, text: format!(" if {not}") });
                }
            }
        }
        if let Some((_, guard)) = node.guard.as_ref().filter(|(_, guard)| !has_let(guard)) {
            let range = guard.span().byte_range();
            let mutants = self.at(range.start, "MatchArmGuard");
            let others: Vec<_> =
                mutants.iter().map(|(id, mutant)| (*id, mutant.replacement.clone())).collect();
            self.wrap(range, &others);
        }
    }

    fn visit_item_fn(&mut self, node: &syn::ItemFn) {
        visit::visit_item_fn(self, node);
        self.body(&node.block);
    }

    fn visit_impl_item_fn(&mut self, node: &syn::ImplItemFn) {
        visit::visit_impl_item_fn(self, node);
        self.body(&node.block);
    }

    fn visit_trait_item_fn(&mut self, node: &syn::TraitItemFn) {
        visit::visit_trait_item_fn(self, node);
        if let Some(block) = &node.default {
            self.body(block);
        }
    }
}

fn op_start(op: &BinOp) -> usize {
    op.span().byte_range().start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(source: &str, genre: &str, at: &str, replacement: &str) -> Mutant {
        let [name, file] = [String::new(), String::new()];
        let start = source.find(at).unwrap();
        Mutant { name, file, genre: genre.into(), start, replacement: replacement.into() }
    }

    #[test]
    fn each_change_stands_beside_what_it_replaces() {
        let source = "fn f(a: u8) -> bool { !g(a + 1 > 2) }";
        let mutants = [
            mutant(source, "FnValue", "!g", "true"),
            mutant(source, "UnaryOperator", "!g", ""),
            mutant(source, "BinaryOperator", "> 2", "<"),
            mutant(source, "BinaryOperator", "+ 1", "-"),
            mutant(source, "BinaryOperator", "1 >", "-"),
        ];
        let numbered: Vec<_> = (1..).zip(&mutants).collect();
        let (text, mut woven) = weave(source, &numbered).unwrap();
        woven.sort_unstable();
        assert_eq!(woven, [1, 2, 3, 4], "where no operator stands, none is replaced");
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let sum = "(if crate::mutant::is(4) { (a - 1) } else { (a + 1) })";
        let comparison =
            format!("(if crate::mutant::is(3) {{ (a + 1 < 2) }} else {{ ({sum} > 2) }})");
        let not =
            format!("(if crate::mutant::is(2) {{ (g(a + 1 > 2)) }} else {{ (!g({comparison})) }})");
        let value = "if crate::mutant::is(1) { return true; }";
        assert_eq!(text, format!("fn f(a: u8) -> bool {{ {value} {not} }}"));
        assert!(syn::parse_file(&text).is_ok());
    }

    #[test]
    fn arms_and_guards_ask_in_their_guards() {
        let source = "fn f(a: u8) -> u8 { match a { 1 => 2, n if n > 3 => 4, _ => 5 } }";
        let mutants = [
            mutant(source, "MatchArm", "1 =>", ""),
            mutant(source, "MatchArm", "n if", ""),
            mutant(source, "MatchArmGuard", "n > 3", "true"),
        ];
        let numbered: Vec<_> = (1..).zip(&mutants).collect();
        let (text, woven) = weave(source, &numbered).unwrap();
        assert_eq!(woven.len(), 3);
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("1 if !crate::mutant::is(1) => 2"), "{text}");
        let guard = "(if crate::mutant::is(3) { (true) } else { (n > 3) })";
        assert!(text.contains(&format!("n if !crate::mutant::is(2) && {guard} => 4")), "{text}");
    }
}
