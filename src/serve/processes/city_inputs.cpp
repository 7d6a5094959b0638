// What of the city a run is given, as files in its folder.
#include <cmath>
#include <fstream>

#include "model/grid/grid_file.hpp"
#include "serve/processes/parts.hpp"
#include "space/city/city_export.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

constexpr double degree_m = 6'371'008.8 * M_PI / 180;
constexpr const char* wgs84 =
    "GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563]],PRIMEM[\"Greenwich\",0],"
    "UNIT[\"degree\",0.0174532925199433],AUTHORITY[\"EPSG\",\"4326\"]]";
constexpr size_t features_bytes_max = 256u << 20;
constexpr uint64_t terrain_cells_max = 16'000'000;

Status write_file(const std::string& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary);
  out << bytes;
  out.close();
  if (!out) return fail(Code::unavailable, "cannot be written", path, "see to the disk");
  return {};
}

Result<twin::Box> area_of(const model::Request& request) {
  const auto area = request.inputs.find("area");
  if (area == request.inputs.end() || !area->is_array())
    return fail(Code::invalid, "which part of the city is not said", "area", "give [west, south, east, north]");
  return twin::Box{(*area)[0], (*area)[1], (*area)[2], (*area)[3]};
}

/// The ground on a grid of about square cells; without a value where none is known.
Result<model::GridFile> ground_of(const ProcessParts& parts, const JobAbout& about, const twin::Box& box,
                                  double cell_m) {
  if (!about.tenant.empty() || parts.services.terrain == nullptr)
    return fail(Code::unsupported, "the ground of this tenant is not known here", "terrain",
                "send a grid of heights to the command line's `cityloom model run`");
  const auto relief = parts.services.terrain->relief_at(about.offset);
  if (!relief) return relief.error();
  model::GridFile grid;
  const double middle_deg = (box.south_deg + box.north_deg) / 2;
  grid.cell_y = cell_m / degree_m;
  grid.cell_x = grid.cell_y / std::cos(middle_deg * M_PI / 180);
  const double columns = std::ceil((box.east_deg - box.west_deg) / grid.cell_x);
  const double rows = std::ceil((box.north_deg - box.south_deg) / grid.cell_y);
  if (!(columns * rows <= static_cast<double>(terrain_cells_max)))
    return fail(Code::too_large, "the area has more than 16,000,000 cells", "area",
                "choose a smaller one, or coarser cells");
  grid.columns = static_cast<size_t>(std::max(columns, 1.0));
  grid.rows = static_cast<size_t>(std::max(rows, 1.0));
  grid.west = box.west_deg;
  grid.south = box.south_deg;
  grid.system = wgs84;
  grid.values.reserve(grid.columns * grid.rows);
  for (size_t row = 0; row < grid.rows; ++row) {
    for (size_t column = 0; column < grid.columns; ++column) {
      const twin::Position place{grid.west + (static_cast<double>(column) + 0.5) * grid.cell_x,
                                 grid.south + (static_cast<double>(row) + 0.5) * grid.cell_y};
      const auto height = space::height_m_at(**relief, place);
      if (!height) return height.error();
      grid.values.push_back(height->value_or(std::nan("")));
    }
  }
  return grid;
}

Status write_ground(const std::string& path, const model::GridFile& grid) {
  const std::vector<float> heights(grid.values.begin(), grid.values.end());
  return model::write_grid(path, grid, heights);
}

Result<thread::Snapshot> snapshot_of(const ProcessParts& parts, const JobAbout& about, const thread::Thread** thread) {
  const auto found = parts.services.tenants->find(about.tenant);
  if (!found) return found.error();
  *thread = *found;
  thread::BranchId branch = thread::main_branch;
  if (!about.branch.empty()) {
    const auto named = (*found)->find_branch(about.branch);
    if (!named) return fail(Code::not_found, "the branch is gone", about.branch, "see /api/branches");
    branch = *named;
  }
  return (*found)->snapshot_at(about.offset, branch);
}

/// Entities of types that meet the box, as GeoJSON.
Status write_features(const ProcessParts& parts, const JobAbout& about, const twin::Box& box,
                      std::vector<std::string> types, const std::string& path) {
  const thread::Thread* thread = nullptr;
  const auto snapshot = snapshot_of(parts, about, &thread);
  if (!snapshot) return snapshot.error();
  space::ExportRequest wanted;
  wanted.format = space::ExportFormat::geo_json;
  wanted.box = box;
  wanted.types = std::move(types);
  std::ofstream out(path, std::ios::binary);
  size_t bytes = 0;
  const auto report = space::export_city(*snapshot, thread->terms(), wanted, [&](std::string_view piece) -> Status {
    if ((bytes += piece.size()) > features_bytes_max)
      return fail(Code::too_large, "what lies in the area is more than 256 MiB", "area", "choose a smaller one");
    out << piece;
    return {};
  });
  if (!report) return report.error();
  out.close();
  if (!out) return fail(Code::unavailable, "cannot be written", path, "see to the disk");
  return {};
}

std::vector<std::string> types_of(std::string_view what) {
  if (what == "buildings") return {"Building"};
  if (what == "roads") return {"Road", "RoadSegment"};
  return {std::string(what)};
}

Status fill_from_city(const ProcessParts& parts, const JobAbout& about, const model::Input& input,
                      const std::string& folder, model::Request& request) {
  const auto box = area_of(request);
  if (!box) return box.error();
  if (input.from_city == "terrain") {
    const auto cell = request.inputs.find("cell_m");
    const auto grid = ground_of(parts, about, *box, cell != request.inputs.end() ? cell->get<double>() : 5.0);
    if (!grid) return grid.error();
    request.inputs[input.name] = input.name + ".tif";
    return write_ground(folder + "/" + input.name + ".tif", *grid);
  }
  request.inputs[input.name] = input.name + ".geojson";
  return write_features(parts, about, *box, types_of(input.from_city), folder + "/" + input.name + ".geojson");
}

}  // namespace

Status prepare_files(ProcessParts& parts, const model::Job& job, model::Request& request) {
  const model::Model* const model = model::find_model(request.model);
  if (model == nullptr) return fail(Code::not_found, "this program has no such model any more", request.model);
  const auto about = JobAbout::read(job.about);
  if (!about) return about.error();
  for (const model::Input& input : model->declaration.inputs) {
    if (!input.is_file()) continue;
    const auto given = request.inputs.find(input.name);
    Status written;
    if (given == request.inputs.end()) {
      if (!input.from_city.empty()) written = fill_from_city(parts, *about, input, job.folder, request);
    } else if (given->is_object()) {
      written = write_file(job.folder + "/" + input.name + ".geojson", given->dump());
      *given = input.name + ".geojson";
    } else if (input.kind == model::Input::Kind::table && given->is_string() &&
               given->get<std::string>().find('\n') != std::string::npos) {
      written = write_file(job.folder + "/" + input.name + ".csv", given->get<std::string>());
      *given = input.name + ".csv";
    }
    if (!written) return written;
  }
  return {};
}

}  // namespace cityloom::serve
