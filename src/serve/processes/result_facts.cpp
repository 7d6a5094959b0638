// What came of a run, on its branch: every fact names the run, and the run names model, version, inputs and offset.
#include <algorithm>

#include "model/grid/grid_file.hpp"
#include "serve/processes/parts.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;
using base::Status;
using twin::AttributeKind;

constexpr std::string_view vocabulary = "https://uri.etsi.org/ngsi-ld/default-context/";
constexpr size_t changes_at_once = 1'000;
constexpr size_t stated_bytes_max = 1u << 20;

std::string run_entity(const model::Job& job) {
  return "urn:ngsi-ld:ModelRun:" + job.id;
}

/// Makes attributes in one tenant's terms, and keeps what went wrong.
class Statements {
 public:
  explicit Statements(thread::Thread& thread) : thread_(thread) {}

  twin::Term named(std::string_view name) { return term(std::string(vocabulary) + std::string(name)); }

  twin::Term term(const std::string& text) {
    auto made = thread_.terms().intern(text);
    if (!made) status = made.error();
    return made ? *made : twin::Term{};
  }

  twin::Attribute attribute(std::string_view name, twin::Value value, AttributeKind kind = AttributeKind::property) {
    twin::Attribute made;
    made.name = named(name);
    made.value = std::move(value);
    made.kind = kind;
    return made;
  }

  twin::Attribute stated(std::string_view name, const Json& value) {
    if (value.is_number()) return attribute(name, twin::number_value(value.get<double>()));
    if (value.is_boolean()) return attribute(name, twin::Value(value.get<bool>()));
    if (value.is_string()) return attribute(name, twin::Value(value.get<std::string>()));
    return attribute(name, twin::Json{value.dump(-1, ' ', false, Json::error_handler_t::replace)},
                     AttributeKind::json_property);
  }

  Status status;

 private:
  thread::Thread& thread_;
};

/// Inputs without the files, which can be made again from the offset.
Json told_inputs(const model::Job& job) {
  const auto request = model::read_request(job.folder);
  return request ? request->inputs : Json::object();
}

thread::Change run_change(Statements& make, const model::Job& job, const JobAbout& about,
                          const model::Outcome& outcome) {
  thread::Change change;
  change.kind = thread::Change::Kind::create_or_replace;
  change.entity_id = run_entity(job);
  change.types = {make.named("ModelRun")};
  const auto request = model::read_request(job.folder);
  change.attributes = {make.stated("model", Json(job.model)),
                       make.stated("modelVersion", Json(job.version)),
                       make.stated("inputs", told_inputs(job)),
                       make.stated("seed", Json(request ? request->seed : 0)),
                       make.stated("inputsOffset", Json(about.offset.number)),
                       make.stated("begins", Json(about.start.text())),
                       make.stated("job", Json(job.id))};
  if (outcome.values.dump().size() < stated_bytes_max && !outcome.values.empty())
    change.attributes.push_back(make.stated("results", outcome.values));
  return change;
}

thread::Change fact_change(Statements& make, const model::Job& job, const JobAbout& about, const model::Stated& fact) {
  thread::Change change;
  change.kind = thread::Change::Kind::append;
  change.entity_id = fact.entity;
  twin::Attribute attribute = make.stated(fact.attribute, fact.value);
  if (!fact.unit.empty()) attribute.unit = make.term(fact.unit);
  const auto after_us = static_cast<int64_t>(fact.time_s.value_or(0) * 1e6);
  attribute.observed_at = {about.start.microseconds + after_us};
  attribute.members.push_back(make.attribute("modelRun", run_entity(job), AttributeKind::relationship));
  change.attributes.push_back(std::move(attribute));
  return change;
}

Status append(thread::Thread& thread, thread::BranchId branch, const model::Job& job,
              std::vector<thread::Change> changes) {
  thread::ChangeSet set;
  set.branch = branch;
  set.author = "model " + job.model;
  set.changes = std::move(changes);
  const auto outcomes = thread.append(std::move(set));
  if (!outcomes) return outcomes.error();
  for (const auto& outcome : *outcomes) {
    // What has ended meanwhile is told nothing.
    if (!outcome && outcome.error().code != Code::not_found) return outcome.error();
  }
  return {};
}

Status put_raster(ProcessParts& parts, thread::Thread& thread, thread::BranchId branch, const model::Job& job,
                  const JobAbout& about, const model::Outcome::RasterFile& raster) {
  const auto file = model::read_grid(job.folder + "/" + raster.file);
  if (!file) return file.error();
  space::RasterGrid grid;
  grid.columns = static_cast<uint32_t>(file->columns);
  grid.rows = static_cast<uint32_t>(file->rows);
  grid.box = {file->west, file->south, file->west + file->cell_x * static_cast<double>(file->columns),
              file->south + file->cell_y * static_cast<double>(file->rows)};
  grid.values.reserve(file->values.size());
  for (size_t row = file->rows; row-- > 0;) {
    for (size_t column = 0; column < file->columns; ++column)
      grid.values.push_back(static_cast<float>(file->values[row * file->columns + column]));
  }
  if (!grid.range()) return {};  // nothing anywhere: no layer
  const model::Model* const model = model::find_model(job.model);
  space::RasterPut put;
  put.id = layer_of(job, raster.output);
  put.time = {about.start.microseconds + static_cast<int64_t>(raster.time_s * 1e6)};
  for (const model::Output& output : model->declaration.outputs) {
    if (output.name != raster.output) continue;
    put.name = Json{{"en", output.title.en}, {"ko", output.title.ko}}.dump();
    put.unit = output.unit;
    put.scale = Json(output.scale.empty() ? "heat" : output.scale).dump();
  }
  const auto step = parts.layers.put(thread, branch, put, grid);
  return step ? Status() : Status(step.error());
}

}  // namespace

std::string layer_of(const model::Job& job, std::string_view output) {
  return "urn:ngsi-ld:RasterLayer:" + job.id + "-" + std::string(output);
}

Status write_results(ProcessParts& parts, const model::Job& job, const model::Outcome& outcome) {
  const auto about = JobAbout::read(job.about);
  if (!about) return about.error();
  if (about->branch.empty()) return {};
  const auto thread = parts.services.tenants->find(about->tenant);
  if (!thread) return thread.error();
  const auto branch = (*thread)->find_branch(about->branch);
  if (!branch) return fail(Code::conflict, "the branch was ended while the model ran", about->branch, "run it again");
  Statements make(**thread);
  std::vector<thread::Change> changes{run_change(make, job, *about, outcome)};
  for (const model::Stated& fact : outcome.facts) {
    changes.push_back(fact_change(make, job, *about, fact));
    if (!make.status) return make.status;
    if (changes.size() < changes_at_once) continue;
    if (auto status = append(**thread, *branch, job, std::move(changes)); !status) return status;
    changes.clear();
  }
  if (!make.status) return make.status;
  if (!changes.empty()) {
    if (auto status = append(**thread, *branch, job, std::move(changes)); !status) return status;
  }
  for (const auto& raster : outcome.rasters) {
    if (auto status = put_raster(parts, **thread, *branch, job, *about, raster); !status) return status;
  }
  return {};
}

}  // namespace cityloom::serve
