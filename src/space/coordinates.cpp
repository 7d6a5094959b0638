// PROJ's objects belong to a context, and a context to one worker at a time: hence the pool.
#include "space/coordinates.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "space/osm_values.hpp"
#include "space/proj_objects.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr const char* wgs84_3d = "EPSG:4979";
constexpr size_t definition_bytes_max = 100'000;
constexpr size_t kept_systems_max = 32;

using proj::Context;
using proj::make_context;
using proj::Object;

bool is_compound(PJ_CONTEXT* context, const PJ* crs) {
  if (proj_get_type(crs) == PJ_TYPE_COMPOUND_CRS) return true;
  if (proj_get_type(crs) != PJ_TYPE_BOUND_CRS) return false;
  const Object inner(proj_get_source_crs(context, crs));
  return inner && proj_get_type(inner.get()) == PJ_TYPE_COMPOUND_CRS;
}

// The system itself; a plane one with the ellipsoid's height as its third axis.
base::Result<Object> open_system(PJ_CONTEXT* context, const std::string& definition) {
  Object crs(proj_create(context, definition.c_str()));
  if (!crs || !proj_is_crs(crs.get())) {
    const int error = proj_context_errno(context);
    if (error == PROJ_ERR_INVALID_OP_FILE_NOT_FOUND_OR_INVALID && !crs) {
      return fail(Code::unavailable, "PROJ does not find one of its own files", definition,
                  "Install the package proj-data");
    }
    return fail(Code::invalid, "\"" + excerpt(definition) + "\" is not a coordinate system that PROJ knows", {},
                "Give a code such as EPSG:5186, or the system's WKT");
  }
  const PJ_TYPE type = proj_get_type(crs.get());
  if (type == PJ_TYPE_VERTICAL_CRS || type == PJ_TYPE_ENGINEERING_CRS || type == PJ_TYPE_TEMPORAL_CRS) {
    return fail(Code::invalid, "\"" + excerpt(definition) + "\" does not say where on the earth it is");
  }
  if (type == PJ_TYPE_GEOCENTRIC_CRS || is_compound(context, crs.get())) return crs;
  if (Object solid{proj_crs_promote_to_3D(context, nullptr, crs.get())}) return solid;
  return crs;
}

bool is_north_first(PJ_CONTEXT* context, const PJ* crs) {
  Object plane(is_compound(context, crs) ? proj_crs_get_sub_crs(context, crs, 0) : nullptr);
  if (proj_get_type(plane ? plane.get() : crs) == PJ_TYPE_BOUND_CRS) {
    plane.reset(proj_get_source_crs(context, plane ? plane.get() : crs));
  }
  const Object axes(proj_crs_get_coordinate_system(context, plane ? plane.get() : crs));
  const char* direction = nullptr;
  return axes &&
         proj_cs_get_axis_info(context, axes.get(), 0, nullptr, nullptr, &direction, nullptr, nullptr, nullptr,
                               nullptr) != 0 &&
         std::string_view(direction) == "north";
}

// What the best way to WGS 84 wants and this machine has not.
struct Missing {
  std::vector<std::string> grids;
  bool is_ballpark = false;  // a part of the way is not known at all
};

Missing missing_of(PJ_CONTEXT* context, const PJ* from, const PJ* to) {
  Missing missing;
  const proj::Factory factory(proj_create_operation_factory_context(context, nullptr));
  proj_operation_factory_context_set_grid_availability_use(context, factory.get(), PROJ_GRID_AVAILABILITY_IGNORED);
  proj_operation_factory_context_set_spatial_criterion(context, factory.get(),
                                                       PROJ_SPATIAL_CRITERION_PARTIAL_INTERSECTION);
  const proj::List ways(proj_create_operations(context, from, to, factory.get()));
  if (!ways || proj_list_get_count(ways.get()) == 0) return missing;
  const Object best(proj_list_get(context, ways.get(), 0));
  missing.is_ballpark = best && proj_coordoperation_has_ballpark_transformation(context, best.get()) != 0;
  const int count = best ? proj_coordoperation_get_grid_used_count(context, best.get()) : 0;
  for (int i = 0; i < count; ++i) {
    const char *short_name = nullptr, *full_name = nullptr, *package = nullptr, *url = nullptr;
    int direct = 0, open = 0, available = 0;
    if (proj_coordoperation_get_grid_used(context, best.get(), i, &short_name, &full_name, &package, &url, &direct,
                                          &open, &available) != 0 &&
        available == 0) {
      missing.grids.emplace_back(short_name);
    }
  }
  return missing;
}

// A context with the transformation in it.
struct Worker {
  Context context;
  Object transformation;
};

// What is learnt of a system when it is opened.
struct Learnt {
  std::string name;
  std::vector<std::string> missing_grids;
  bool is_north_first = false, lacks_heights = false;
};

base::Result<Worker> make_worker(const std::string& definition, Learnt* learnt) {
  Worker worker{make_context(), nullptr};
  auto from = open_system(worker.context.get(), definition);
  if (!from) return std::move(from).error();
  const Object to(proj_create(worker.context.get(), wgs84_3d));
  if (!to) return fail(Code::unavailable, "PROJ does not find its database", {}, "Install the package proj-data");
  if (learnt != nullptr) {
    learnt->name = proj_get_name(from->get());
    learnt->is_north_first = is_north_first(worker.context.get(), from->get());
  }
  // Without the grid of heights, PROJ would also leave out the change of datum: then the place is worth more than the
  // height, which stays as it is.
  Missing missing = missing_of(worker.context.get(), from->get(), to.get());
  const bool lacks_heights =
      (missing.is_ballpark || !missing.grids.empty()) && is_compound(worker.context.get(), from->get());
  if (lacks_heights) {
    const Object plane(proj_crs_get_sub_crs(worker.context.get(), from->get(), 0));
    Object solid(plane ? proj_crs_promote_to_3D(worker.context.get(), nullptr, plane.get()) : nullptr);
    if (solid) *from = std::move(solid);
  }
  if (learnt != nullptr) {
    learnt->missing_grids = std::move(missing.grids);
    learnt->lacks_heights = lacks_heights;
  }
  worker.transformation.reset(
      proj_create_crs_to_crs_from_pj(worker.context.get(), from->get(), to.get(), nullptr, nullptr));
  if (!worker.transformation) {
    return fail(Code::unsupported, "PROJ knows no way from " + excerpt(definition) + " to WGS 84");
  }
  return worker;
}

}  // namespace

struct CoordinateSystem::Parts {
  std::string definition;
  Learnt learnt;
  std::mutex mutex;
  std::vector<Worker> idle;

  // Transforms with a worker of the pool.
  base::Result<PJ_COORD> transform(PJ_DIRECTION direction, PJ_COORD from) {
    Worker worker;
    {
      const std::lock_guard lock(mutex);
      if (!idle.empty()) {
        worker = std::move(idle.back());
        idle.pop_back();
      }
    }
    if (!worker.transformation) {
      auto made = make_worker(definition, nullptr);
      if (!made) return std::move(made).error();
      worker = std::move(*made);
    }
    proj_errno_reset(worker.transformation.get());
    const PJ_COORD to = proj_trans(worker.transformation.get(), direction, from);
    const int error = proj_errno(worker.transformation.get());
    std::string reason = error == 0 ? "" : proj_context_errno_string(worker.context.get(), error);
    {
      const std::lock_guard lock(mutex);
      idle.push_back(std::move(worker));
    }
    if (error == 0 && std::isfinite(to.xyz.x) && std::isfinite(to.xyz.y) && std::isfinite(to.xyz.z)) return to;
    return fail(Code::invalid, "The position lies outside what " + learnt.name + " can express" +
                                   (reason.empty() ? "" : " (" + reason + ")"));
  }
};

// The systems opened last, so that the next file in one of them does not ask PROJ's database again.
struct CoordinateSystem::Kept {
  std::mutex mutex;
  std::vector<std::shared_ptr<Parts>> systems;  // the latest used at the end

  // One for the process, never taken down: PROJ's own statics may go first.
  static Kept& instance() {
    static Kept& kept = *new Kept;
    return kept;
  }

  std::shared_ptr<Parts> find(std::string_view definition) {
    const std::lock_guard lock(mutex);
    const auto found = std::find_if(systems.begin(), systems.end(),
                                    [&](const auto& parts) { return parts->definition == definition; });
    if (found == systems.end()) return nullptr;
    std::rotate(found, found + 1, systems.end());
    return systems.back();
  }

  void keep(std::shared_ptr<Parts> parts) {
    const std::lock_guard lock(mutex);
    if (systems.size() == kept_systems_max) systems.erase(systems.begin());
    systems.push_back(std::move(parts));
  }
};

CoordinateSystem::CoordinateSystem(std::shared_ptr<Parts> parts) : parts_(std::move(parts)) {}
CoordinateSystem::CoordinateSystem(CoordinateSystem&&) noexcept = default;
CoordinateSystem& CoordinateSystem::operator=(CoordinateSystem&&) noexcept = default;
CoordinateSystem::~CoordinateSystem() = default;

const std::string& CoordinateSystem::name() const {
  return parts_->learnt.name;
}
bool CoordinateSystem::is_north_first() const {
  return parts_->learnt.is_north_first;
}
const std::vector<std::string>& CoordinateSystem::missing_grids() const {
  return parts_->learnt.missing_grids;
}

bool CoordinateSystem::lacks_heights() const {
  return parts_->learnt.lacks_heights;
}

std::string heights_note(const CoordinateSystem& system, bool has_egm96) {
  if (!system.lacks_heights()) return {};
  std::string grids;
  for (const std::string& grid : system.missing_grids()) grids += (grids.empty() ? "" : ", ") + grid;
  return "heights of " + system.name() + " need the grid " + (grids.empty() ? "of its sea level" : grids) +
         (has_egm96 ? ", which is not installed: EGM96 was taken instead (right to about a metre)"
                    : ", which is not installed, as EGM96's is not: they stay above sea level, off by up to 100 m");
}

base::Result<CoordinateSystem> CoordinateSystem::open(std::string_view definition, MissingGrids missing_grids) {
  if (definition.empty() || definition.size() > definition_bytes_max ||
      definition.find('\0') != std::string_view::npos) {
    return fail(Code::invalid, "A coordinate system is named by 1 to 100,000 characters", excerpt(definition));
  }
  std::shared_ptr<Parts> parts = Kept::instance().find(definition);
  if (parts == nullptr) {
    parts = std::make_shared<Parts>();
    parts->definition = definition;
    auto worker = make_worker(parts->definition, &parts->learnt);
    if (!worker) return std::move(worker).error();
    parts->idle.push_back(std::move(*worker));
    Kept::instance().keep(parts);
  }
  if (!parts->learnt.missing_grids.empty() && missing_grids == MissingGrids::refuse) {
    std::string list;
    for (const std::string& grid : parts->learnt.missing_grids) list += (list.empty() ? "" : ", ") + grid;
    return fail(Code::unavailable, parts->learnt.name + " needs correction grids that are not installed: " + list,
                excerpt(definition), "Install them into PROJ's data folder, or allow an approximate transformation");
  }
  return CoordinateSystem(std::move(parts));
}

base::Result<twin::Position> CoordinateSystem::to_wgs84(const RawPosition& raw) const {
  if (!std::isfinite(raw.first) || !std::isfinite(raw.second) || std::isinf(raw.third)) {
    return fail(Code::invalid, "a coordinate is not a number");
  }
  const bool has_height = !std::isnan(raw.third);
  const auto to = parts_->transform(PJ_FWD, proj_coord(raw.first, raw.second, has_height ? raw.third : 0, HUGE_VAL));
  if (!to) return to.error();
  return twin::Position::make(to->xyz.y, to->xyz.x, has_height ? to->xyz.z : std::numeric_limits<double>::quiet_NaN());
}

base::Result<RawPosition> CoordinateSystem::from_wgs84(const twin::Position& position) const {
  const bool has_height = position.has_height();
  const auto to = parts_->transform(
      PJ_INV, proj_coord(position.latitude_deg, position.longitude_deg, has_height ? position.height_m : 0, HUGE_VAL));
  if (!to) return to.error();
  return RawPosition{to->xyz.x, to->xyz.y, has_height ? to->xyz.z : std::numeric_limits<double>::quiet_NaN()};
}

}  // namespace cityloom::space
