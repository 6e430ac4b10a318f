//! PTX to C++: each kernel becomes a function of one thread, which the runtime in
//! `crates/metrics-cuda/emulator` calls as a fiber.
//!
//! An instruction becomes a statement. A register becomes a variable of its type. Loads, stores, atomics, barriers and what
//! the lanes of a warp do together become calls of the runtime, which checks them. What is not known fails.

mod arithmetic;
mod control;
mod function;
mod memory;
mod ptx;

use std::fmt::Write as _;

use self::function::Function;
use self::ptx::{Kernel, Module};
use crate::run::Result;

/// The C++ of a module, whose name is for messages.
pub(super) fn translate(ptx: &str, name: &str) -> Result<String> {
    let module = Module::parse(ptx)?;
    let mut out = String::from("#include \"kernel.h\"\n\nnamespace emulator {\nnamespace {\n");
    let mut entries = String::new();
    for (number, kernel) in module.kernels.iter().enumerate() {
        let function = Function::translate(kernel, &module)
            .map_err(|error| format!("{name}.ptx, kernel {}: {error}", kernel.name))?;
        write!(out, "\nvoid kernel_{number}(Thread &t) {{\n{}}}\n", function.body)?;
        entries += &entry(number, kernel, function.n_static_bytes)?;
    }
    let capability = module.capability;
    write!(
        out,
        "\nconst Entry entries[] = {{\n{entries}}};\n\
         const Registered registered(entries, sizeof entries / sizeof *entries, {capability});\n\
         }}  // namespace\n}}  // namespace emulator\n"
    )?;
    Ok(out)
}

/// What the runtime knows of a kernel.
fn entry(number: usize, kernel: &Kernel<'_>, n_static_bytes: usize) -> Result<String> {
    let mut parameters = String::new();
    for parameter in &kernel.parameters {
        write!(parameters, "{{{}, {}}}, ", parameter.offset, parameter.n_bytes)?;
    }
    Ok(format!(
        "    {{\"{}\", kernel_{number}, {n_static_bytes}, {}, {{{parameters}}}}},\n",
        kernel.name, kernel.max_threads
    ))
}

#[cfg(test)]
mod tests {
    use super::translate;

    const HEAD: &str = ".version 9.0\n.target sm_90\n.address_size 64\n";

    fn kernel(statements: &str) -> String {
        let registers = ".reg .pred %p<3>;\n.reg .b32 %r<9>;\n.reg .b64 %rd<9>;";
        let declared = ".visible .entry one(\n\t.param .u64 one_param_0\n)\n.maxntid 256\n";
        format!("{HEAD}{declared}{{\n{registers}\n{statements}\n\tret;\n}}\n")
    }

    #[test]
    fn an_instruction_becomes_a_statement() {
        let ptx = kernel("\tld.param.u64 %rd1, [one_param_0];\n@!%p1 add.s32 \t%r1, %r2, -1;");
        let cxx = translate(&ptx, "test").unwrap();
        assert!(cxx.contains("rd1 = uint64_t(parameter<uint64_t>(t, 0));"), "{cxx}");
        assert!(cxx.contains("if (!p1) { r1 = uint32_t(r2 + uint32_t(4294967295u)); }"), "{cxx}");
        assert!(cxx.contains("{\"one\", kernel_0, 0, 256, {{0, 8}, }}"), "{cxx}");
    }

    #[test]
    fn an_unknown_instruction_is_named_with_its_kernel() {
        for unknown in
            ["wgmma.fence.sync.aligned", "add.sat.s32 %r1, %r2, %r3", "add.f16x2 %r1, %r2, %r3"]
        {
            let error =
                translate(&kernel(&format!("\t{unknown};")), "test").unwrap_err().to_string();
            assert_eq!(
                error,
                format!("test.ptx, kernel one: line 12: no translation of `{unknown}`")
            );
        }
    }

    #[test]
    fn shared_variables_lie_one_behind_the_other() {
        let declared = "\t.shared .align 4 .b8 small[6];\n\t.shared .align 8 .b8 large[16];";
        let uses = "\tmov.b32 %r1, large;\n\tst.shared.u32 [small+4], %r1;";
        let cxx = translate(&kernel(&format!("{declared}\n{uses}")), "test").unwrap();
        assert!(cxx.contains("r1 = uint32_t(uint32_t(8u));"), "{cxx}");
        assert!(cxx.contains("auto at = (0u + 4);"), "{cxx}");
        assert!(cxx.contains("\"one\", kernel_0, 24, 256,"), "{cxx}");
    }
}
