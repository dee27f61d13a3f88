// SPDX-License-Identifier: BSD-2-Clause
// `irqscope doctor`: what can be measured here, and what stands in the way.
#include "cli/commands.hpp"
#include "probe/examine.hpp"
#include "sink/json.hpp"
#include "sink/text.hpp"

#include <memory>

namespace irqscope::cli {

command add_doctor(CLI::App& parent) {
    const auto as_json = std::make_shared<bool>(false);
    CLI::App* doctor = parent.add_subcommand(
        "doctor", "what this kernel, these privileges and this machine allow, and what each missing thing costs");
    doctor->add_flag("--json", *as_json, "as one JSON document (docs/JSON.md)");
    doctor->footer("Works without root, and then says what it could not see. Exit status 3: nothing can be measured.");
    return [as_json](const global_options& global) -> result<void> {
        const model::report report = probe::examine(global.btf_file);
        if (*as_json)
            sink::json(false).doctor(report);
        else
            sink::text({}).doctor(report);
        if (report.possible()) return {};
        return failure(exit_status::not_possible, "something that irqscope cannot do without is missing, see above");
    };
}

} // namespace irqscope::cli
