// Walks the tree of solids with the values of the parameters.
#include "space/objects/object_mesh.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>

#include "space/objects/solid_forms.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr double repeats_max = 500;
constexpr double extent_max_m = 10'000;

// A turn and a shift.
struct Placement {
  Vector x{1, 0, 0}, y{0, 1, 0}, z{0, 0, 1}, origin;

  Vector turned(Vector v) const { return x * v.x + y * v.y + z * v.z; }
  Vector placed(Vector v) const { return origin + turned(v); }
  Placement then(const Placement& inner) const {
    return {turned(inner.x), turned(inner.y), turned(inner.z), placed(inner.origin)};
  }
};

Placement shifted(Vector by) {
  Placement placement;
  placement.origin = by;
  return placement;
}

// About x, then y, then z.
Placement turned_by(Vector degrees) {
  Placement all;
  const auto about = [&](double angle, Vector Placement::*first, Vector Placement::*second) {
    if (angle == 0) return;
    Placement one;
    const double c = std::cos(angle * radians_per_degree), s = std::sin(angle * radians_per_degree);
    const Vector a = one.*first, b = one.*second;
    one.*first = a * c + b * s;
    one.*second = b * c - a * s;
    all = one.then(all);
  };
  about(degrees.x, &Placement::y, &Placement::z);
  about(degrees.y, &Placement::z, &Placement::x);
  about(degrees.z, &Placement::x, &Placement::y);
  return all;
}

// Along x and y a solid lies centred. An outline stands in (y, z) or (x, z) then; what is round begins at the low end.
Placement along(SolidNode::Axis axis, double length, bool is_round) {
  switch (axis) {
    case SolidNode::Axis::x:
      return {{0, 1, 0}, {0, 0, 1}, {1, 0, 0}, {-length / 2, 0, 0}};
    case SolidNode::Axis::y:
      return is_round ? Placement{{0, 0, 1}, {1, 0, 0}, {0, 1, 0}, {0, -length / 2, 0}}
                      : Placement{{1, 0, 0}, {0, 0, 1}, {0, -1, 0}, {0, length / 2, 0}};
    case SolidNode::Axis::z:
      break;
  }
  return {};
}

class Builder {
 public:
  Builder(const ObjectKind& kind, const std::vector<ObjectMaterial>& materials, const ObjectValues& values, int level)
      : materials_(materials), values_(values), level_(level), names_(values.numbers) {
    for (const auto& [name, expression] : kind.values) names_.push_back(expression.value(names_));
  }

  base::Result<ObjectMesh> build(const ObjectKind& kind) {
    if (const auto status = add_all(kind.solids, {}); !status) return status.error();
    return std::move(mesh_);
  }
  double value(const Expression& expression) const { return expression.value(names_); }
  Vector value(const std::array<Expression, 3>& three) const {
    return {value(three[0]), value(three[1]), value(three[2])};
  }

 private:
  base::Status add_all(const std::vector<SolidNode>& solids, const Placement& in) {
    for (const SolidNode& solid : solids) {
      if (const auto status = add(solid, in); !status) return status;
    }
    return {};
  }
  base::Status add(const SolidNode& solid, const Placement& in);
  base::Status repeat(const SolidNode& solid, const Placement& here);
  base::Result<Form> form_of(const SolidNode& solid, Placement& lying) const;
  base::Result<Form> round_form_of(const SolidNode& solid, Placement& lying) const;
  base::Status append(const SolidNode& solid, const Form& form, const Placement& here);
  ObjectSurface surface_of(const ColourChoice& choice) const;
  uint32_t sides_of(const SolidNode& solid) const {
    return level_ == 0 ? solid.sides : std::max(4u, solid.sides / 8 * 4);
  }

  const std::vector<ObjectMaterial>& materials_;
  const ObjectValues& values_;
  int level_;
  std::vector<double> names_;
  ObjectMesh mesh_;
};

base::Error wrong(const SolidNode& solid, std::string what) {
  return fail(Code::invalid, std::move(what), solid.where, "look at the formulas and the ranges of the parameters");
}

bool is_usable(Vector v) {
  return std::isfinite(v.x) && std::isfinite(v.y) && std::isfinite(v.z) && std::abs(v.x) <= extent_max_m &&
         std::abs(v.y) <= extent_max_m && std::abs(v.z) <= extent_max_m;
}

base::Status Builder::add(const SolidNode& solid, const Placement& in) {
  if ((solid.is_detail && level_ > 0) || (solid.is_coarse && level_ == 0)) return {};
  if (solid.when && value(*solid.when) == 0) return {};
  const Vector at = value(solid.at), turn = value(solid.turn);
  if (!is_usable(at) || !is_usable(turn)) return wrong(solid, "where this solid stands is no usable number");
  const Placement here = in.then(shifted(at)).then(turned_by(turn));
  if (solid.kind == SolidNode::Kind::group) return add_all(solid.children, here);
  if (solid.kind == SolidNode::Kind::repeat) return repeat(solid, here);
  Placement lying;
  const auto form = form_of(solid, lying);
  if (!form) return form.error();
  return append(solid, *form, here.then(lying));
}

base::Status Builder::repeat(const SolidNode& solid, const Placement& here) {
  const double count = value(solid.size[0]);
  const Vector step = value(solid.step);
  const double spin = value(solid.spin);
  if (!(count >= 0 && count <= repeats_max)) return wrong(solid, "the count is not from 0 to 500");
  if (!is_usable(step) || !std::isfinite(spin)) return wrong(solid, "the step is no usable number");
  for (int i = 0; i < static_cast<int>(std::floor(count + 1e-9)); ++i) {
    const Placement copy = here.then(shifted(step * i)).then(turned_by({0, 0, spin * i}));
    if (const auto status = add_all(solid.children, copy); !status) return status;
  }
  return {};
}

base::Result<Form> Builder::form_of(const SolidNode& solid, Placement& lying) const {
  const Vector size = value(solid.size);
  const auto is_positive = [](double v) { return v > 0 && v <= extent_max_m; };
  if (solid.kind == SolidNode::Kind::box) {
    if (!is_positive(size.x) || !is_positive(size.y) || !is_positive(size.z)) {
      return wrong(solid, "the sides of this box are not all above 0");
    }
    return box_form(size);
  }
  if (solid.kind == SolidNode::Kind::prism) {
    if (!is_positive(size.z)) return wrong(solid, "the length of this prism is not above 0");
    std::vector<Vector> outline;
    for (const auto& point : solid.points) outline.push_back({value(point[0]), value(point[1]), 0});
    if (!std::all_of(outline.begin(), outline.end(), is_usable)) {
      return wrong(solid, "a point of the outline is no usable number");
    }
    lying = along(solid.axis, size.z, false);
    auto form = prism_form(std::move(outline), size.z);
    if (!form) return wrong(solid, form.error().what);
    return form;
  }
  return round_form_of(solid, lying);
}

base::Result<Form> Builder::round_form_of(const SolidNode& solid, Placement& lying) const {
  const Vector size = value(solid.size);
  const auto is_positive = [](double v) { return v > 0 && v <= extent_max_m; };
  if (solid.kind == SolidNode::Kind::cylinder) {
    const bool is_good =
        (is_positive(size.x) && (is_positive(size.y) || size.y == 0)) || (size.x == 0 && is_positive(size.y));
    if (!is_good || !is_positive(size.z)) return wrong(solid, "the radius or length of this cylinder is not above 0");
    lying = along(solid.axis, size.z, true);
    return cylinder_form(size.x, size.y, size.z, sides_of(solid));
  }
  if (solid.kind == SolidNode::Kind::sphere) {
    if (!is_positive(size.x) || !is_positive(size.y) || !is_positive(size.z)) {
      return wrong(solid, "the radii of this sphere are not all above 0");
    }
    return sphere_form(size, sides_of(solid), solid.is_half);
  }
  std::vector<Vector> path;
  for (const auto& point : solid.points) path.push_back(value(point));
  if (!is_positive(size.x) || !std::all_of(path.begin(), path.end(), is_usable)) {
    return wrong(solid, "the radius or a point of this sweep is no usable number");
  }
  auto form = sweep_form(path, size.x, sides_of(solid));
  if (!form) return wrong(solid, form.error().what);
  return form;
}

ObjectSurface Builder::surface_of(const ColourChoice& choice) const {
  for (const auto& [condition, rule] : choice.rules) {
    if (condition && value(*condition) == 0) continue;
    if (rule.kind == ColourRule::Kind::parameter) return {values_.colours[rule.index], ObjectFinish::matt};
    const ObjectMaterial& material = materials_[rule.index];
    return {material.colour, material.finish};
  }
  return {};
}

base::Status Builder::append(const SolidNode& solid, const Form& form, const Placement& here) {
  if (mesh_.triangle_count() + form.indices.size() / 3 > object_triangles_max) {
    return fail(Code::too_complex, "an object has at most " + std::to_string(object_triangles_max) + " triangles",
                solid.where);
  }
  const ObjectSurface surface = surface_of(solid.colour);
  auto found = std::find(mesh_.surfaces.begin(), mesh_.surfaces.end(), surface);
  if (found == mesh_.surfaces.end()) found = mesh_.surfaces.insert(found, surface);
  const auto first_vertex = static_cast<uint32_t>(mesh_.vertex_count());
  mesh_.solids.push_back({static_cast<uint32_t>(found - mesh_.surfaces.begin()),
                          static_cast<uint32_t>(mesh_.indices.size()), static_cast<uint32_t>(form.indices.size()),
                          solid.where});
  for (size_t i = 0; i < form.positions.size(); ++i) {
    const Vector position = here.placed(form.positions[i]), normal = here.turned(form.normals[i]);
    for (const double v : {position.x, position.y, position.z}) mesh_.positions.push_back(static_cast<float>(v));
    for (const double v : {normal.x, normal.y, normal.z}) mesh_.normals.push_back(static_cast<float>(v));
  }
  for (const uint32_t index : form.indices) mesh_.indices.push_back(first_vertex + index);
  return {};
}

std::optional<ObjectColour> colour_of(std::string_view text) {
  unsigned number = 0;
  if (text.size() != 7 || text.front() != '#') return std::nullopt;
  const auto [end, problem] = std::from_chars(text.data() + 1, text.data() + 7, number, 16);
  if (problem != std::errc{} || end != text.data() + 7) return std::nullopt;
  ObjectColour colour;
  for (size_t i = 0; i < 3; ++i) colour.rgb[i] = ((number >> (16 - 8 * i)) & 0xFF) / 255.0;
  return colour;
}

base::Status read_value(const ObjectParameter& parameter, const std::string& text, double& number,
                        ObjectColour& colour) {
  const auto wrong_value = [&](const std::string& what) { return fail(Code::invalid, what, parameter.id); };
  if (parameter.kind == ObjectParameter::Kind::colour) {
    const auto read = colour_of(text);
    if (!read) return wrong_value("not a colour: write #rrggbb");
    colour = *read;
    return {};
  }
  if (parameter.kind == ObjectParameter::Kind::flag) {
    if (text != "true" && text != "false") return wrong_value("neither true nor false");
    number = text == "true" ? 1 : 0;
    return {};
  }
  if (parameter.kind == ObjectParameter::Kind::choice) {
    std::string known;
    for (size_t i = 0; i < parameter.choices.size(); ++i) {
      if (parameter.choices[i].id == text) {
        number = static_cast<double>(i);
        return {};
      }
      known += (i == 0 ? "" : ", ") + parameter.choices[i].id;
    }
    return wrong_value("none of: " + known);
  }
  double read = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), read);
  if (problem != std::errc{} || end != text.data() + text.size() || !std::isfinite(read)) {
    return wrong_value("not a number");
  }
  if (read < parameter.minimum || read > parameter.maximum) {
    char range[80];
    std::snprintf(range, sizeof range, "not from %g to %g", parameter.minimum, parameter.maximum);
    return wrong_value(range);
  }
  number = read;
  return {};
}

}  // namespace

ObjectValues default_values(const ObjectKind& kind) {
  ObjectValues values;
  for (const ObjectParameter& parameter : kind.parameters) {
    values.numbers.push_back(parameter.default_value);
    values.colours.push_back(parameter.default_colour);
  }
  return values;
}

base::Result<ObjectValues> values_of(const ObjectKind& kind, const std::map<std::string, std::string>& given) {
  ObjectValues values = default_values(kind);
  for (const auto& [id, text] : given) {
    const ObjectParameter* parameter = kind.find_parameter(id);
    if (parameter == nullptr) {
      return fail(Code::invalid, "the kind '" + kind.id + "' has no such parameter", id, "see GET /api/objects");
    }
    const auto place = static_cast<size_t>(parameter - kind.parameters.data());
    const auto status = read_value(*parameter, text, values.numbers[place], values.colours[place]);
    if (!status) return status.error();
  }
  return values;
}

std::string value_text(const ObjectParameter& parameter, double number, const ObjectColour& colour) {
  char text[40];
  switch (parameter.kind) {
    case ObjectParameter::Kind::flag:
      return number != 0 ? "true" : "false";
    case ObjectParameter::Kind::choice:
      return parameter.choices[static_cast<size_t>(number)].id;
    case ObjectParameter::Kind::colour: {
      const auto byte = [&](size_t i) { return static_cast<unsigned>(std::lround(colour.rgb[i] * 255)); };
      std::snprintf(text, sizeof text, "#%02x%02x%02x", byte(0), byte(1), byte(2));
      return text;
    }
    case ObjectParameter::Kind::number:
      break;
  }
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  return {text, end};
}

base::Result<Vector> size_of(const ObjectKind& kind, const ObjectValues& values) {
  const std::vector<ObjectMaterial> none;
  const Vector size = Builder(kind, none, values, 0).value(kind.size);
  if (!is_usable(size) || !(size.x > 0 && size.y > 0 && size.z > 0)) {
    return fail(Code::invalid, "the size of '" + kind.id + "' is not above 0", kind.where);
  }
  return size;
}

base::Result<ObjectMesh> build_object(const ObjectKind& kind, const std::vector<ObjectMaterial>& materials,
                                      const ObjectValues& values, int level_of_detail) {
  auto mesh = Builder(kind, materials, values, level_of_detail).build(kind);
  if (mesh && mesh->indices.empty()) {
    return fail(Code::invalid, "with these parameters '" + kind.id + "' has no solids", kind.where);
  }
  return mesh;
}

ObjectBounds bounds_of(const ObjectMesh& mesh) {
  const double far = std::numeric_limits<double>::max();
  ObjectBounds bounds{{far, far, far}, {-far, -far, -far}};
  for (size_t i = 0; i < mesh.positions.size(); i += 3) {
    const double x = static_cast<double>(mesh.positions[i]), y = static_cast<double>(mesh.positions[i + 1]),
                 z = static_cast<double>(mesh.positions[i + 2]);
    bounds.least = {std::min(bounds.least.x, x), std::min(bounds.least.y, y), std::min(bounds.least.z, z)};
    bounds.greatest = {std::max(bounds.greatest.x, x), std::max(bounds.greatest.y, y), std::max(bounds.greatest.z, z)};
  }
  return bounds;
}

}  // namespace cityloom::space
