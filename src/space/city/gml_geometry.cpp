// One walk for all kinds of surfaces: what is no polygon, ring, line or point only holds others.
#include "space/city/gml_geometry.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using Node = XmlTree::Node;
constexpr int geometry_depth_max = 60;
constexpr size_t steps_max = 20'000'000;  // of one object: what cyclic and doubling xlinks may cost

uint64_t hash_of(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

bool is_polygon(std::string_view name) {
  return name == "Polygon" || name == "PolygonPatch" || name == "Triangle" || name == "Rectangle";
}

bool is_line(std::string_view name) {
  return name == "LineString" || name == "LineStringSegment" || name == "Curve" || name == "Arc" || name == "ArcString";
}

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// Reads the next number of a list and moves past it. false: the end, or no number (then `is_bad`).
bool next_number(std::string_view& text, double& number, bool& is_bad) {
  size_t at = 0;
  while (at < text.size() && is_space(text[at])) ++at;
  if (at < text.size() && text[at] == '+') ++at;
  text.remove_prefix(at);
  if (text.empty()) return false;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = stop == text.data() + text.size() || is_space(*stop);
  if (error != std::errc() || !is_whole || !std::isfinite(number)) {
    is_bad = true;
    return false;
  }
  text.remove_prefix(static_cast<size_t>(stop - text.data()));
  return true;
}

std::string_view target_of(std::string_view reference) {
  return reference.starts_with("#") ? reference.substr(1) : std::string_view();
}

std::array<double, 3> colour_of(std::string_view text, std::array<double, 3> otherwise) {
  std::array<double, 3> colour{};
  bool is_bad = false;
  for (double& part : colour) {
    if (!next_number(text, part, is_bad)) return otherwise;
  }
  return colour;
}

double part_of(const XmlTree& tree, Node node, std::string_view name, double otherwise) {
  const Node child = tree.child(node, name);
  double number = 0;
  bool is_bad = false;
  if (child == XmlTree::none) return otherwise;
  std::string_view text = tree.text_of(child);
  return next_number(text, number, is_bad) ? std::clamp(number, 0.0, 1.0) : otherwise;
}

void read_material(const XmlTree& tree, Node node, GmlAppearance& to) {
  CityMaterial material;
  const auto colour = [&](const char* name, std::array<double, 3> otherwise) {
    const Node child = tree.child(node, name);
    return child == XmlTree::none ? otherwise : colour_of(tree.text_of(child), otherwise);
  };
  material.diffuse = colour("diffuseColor", material.diffuse);
  material.emissive = colour("emissiveColor", material.emissive);
  material.specular = colour("specularColor", material.specular);
  material.shininess = part_of(tree, node, "shininess", material.shininess);
  material.transparency = part_of(tree, node, "transparency", material.transparency);
  const auto number = static_cast<int32_t>(to.materials.size());
  to.materials.push_back(material);
  for (Node child = tree.first_child(node); child != XmlTree::none; child = tree.next(child)) {
    if (tree.name(child) != "target") continue;
    std::string_view target = tree.text_of(child);
    if (target.empty()) target = tree.attribute(child, "href");
    to.surfaces.try_emplace(hash_of(target_of(target)), number);
  }
}

void add_corners(std::string_view ring, std::string_view text, int32_t texture, GmlAppearance& to) {
  if (to.texture_positions.size() > GmlAppearance::numbers_max) {
    to.is_full = true;
    return;
  }
  const auto start = static_cast<uint32_t>(to.texture_positions.size());
  double number = 0;
  bool is_bad = false;
  while (next_number(text, number, is_bad)) to.texture_positions.push_back(static_cast<float>(number));
  const auto count = static_cast<uint32_t>(to.texture_positions.size()) - start;
  if (is_bad || count < 6 ||
      !to.rings.try_emplace(hash_of(ring), GmlAppearance::Covered{texture, start, count}).second) {
    to.texture_positions.resize(start);
  }
}

// Lists of texture coordinates anywhere below: CityGML 1 and 2 name the ring in an attribute, CityGML 3 in an element
// that follows.
void read_corner_lists(const XmlTree& tree, Node node, int32_t texture, GmlAppearance& to, int depth = 0) {
  if (depth > 8) return;
  std::vector<std::string_view> lists, rings;
  for (Node child = tree.first_child(node); child != XmlTree::none; child = tree.next(child)) {
    const std::string_view name = tree.name(child);
    if (name == "textureCoordinates") {
      const std::string_view ring = target_of(tree.attribute(child, "ring"));
      if (!ring.empty()) add_corners(ring, tree.text_of(child), texture, to);
      if (ring.empty()) lists.push_back(tree.text_of(child));
    } else if (name == "ring") {
      std::string_view target = tree.text_of(child);
      if (target.empty()) target = tree.attribute(child, "href");
      rings.push_back(target_of(target));
    } else if (name == "TexCoordGen") {
      to.has_unknown_kinds = true;
    } else {
      read_corner_lists(tree, child, texture, to, depth + 1);
    }
  }
  for (size_t i = 0; i < std::min(lists.size(), rings.size()); ++i) add_corners(rings[i], lists[i], texture, to);
}

void read_texture(const XmlTree& tree, Node node, GmlAppearance& to) {
  const auto text = [&](const char* name) {
    const Node child = tree.child(node, name);
    return child == XmlTree::none ? std::string() : std::string(tree.text_of(child));
  };
  CityTexture texture;
  texture.image = text("imageURI");
  texture.media_type = text("mimeType");
  if (texture.media_type == "image/jpg") texture.media_type = "image/jpeg";
  texture.wrap = text("wrapMode");
  if (texture.image.empty()) return;
  const auto known = std::find(to.textures.begin(), to.textures.end(), texture);
  const auto number = static_cast<int32_t>(known - to.textures.begin());
  if (known == to.textures.end()) to.textures.push_back(std::move(texture));
  read_corner_lists(tree, node, number, to);
}

}  // namespace

void read_gml_appearance(const XmlTree& tree, Node node, GmlAppearance& to) {
  for (Node child = tree.first_child(node); child != XmlTree::none; child = tree.next(child)) {
    const std::string_view name = tree.name(child);
    if (name == "X3DMaterial") {
      read_material(tree, child, to);
    } else if (name == "ParameterizedTexture") {
      read_texture(tree, child, to);
    } else if (name == "GeoreferencedTexture") {
      to.has_unknown_kinds = true;
    } else if (tree.first_child(child) != XmlTree::none) {
      read_gml_appearance(tree, child, to);
    }
  }
}

GmlContext context_within(const XmlTree& tree, Node node, const GmlContext& around) {
  GmlContext context = around;
  if (const std::string_view name = tree.attribute(node, "srsName"); !name.empty()) context.crs = name;
  const std::string_view dimension = tree.attribute(node, "srsDimension");
  if (dimension == "2") context.dimension = 2;
  if (dimension == "3") context.dimension = 3;
  return context;
}

void GmlGeometryReader::note(std::string text) {
  if (notes.size() < 20 && std::find(notes.begin(), notes.end(), text) == notes.end()) notes.push_back(std::move(text));
}

GmlGeometryReader::Place GmlGeometryReader::find(std::string_view href) const {
  const std::string_view id = target_of(href);
  if (id.empty()) return {nullptr, XmlTree::none};
  if (const Node node = trees_.own->find_id(id); node != XmlTree::none) return {trees_.own, node};
  if (trees_.library == nullptr) return {nullptr, XmlTree::none};
  const Node node = trees_.library->find_id(id);
  return {node == XmlTree::none ? nullptr : trees_.library, node};
}

void GmlGeometryReader::follow(Place at, const State& state, CityGeometry& to) {
  const std::string_view href = at.tree->attribute(at.node, "href");
  if (href.empty()) return;
  const Place target = find(href);
  if (target.tree == nullptr) {
    note("it links to " + std::string(href.substr(0, 100)) + ", which is not in the file");
    return;
  }
  State there = state;
  ++there.depth;
  walk(target, there, to);
}

void GmlGeometryReader::walk(Place at, State state, CityGeometry& to) {
  if (state.depth > geometry_depth_max || ++steps_ > steps_max) {
    note("its surfaces link to each other in a circle, or too deeply: the rest was left out");
    return;
  }
  if (to.positions.size() > object_positions_max) return;
  state.context = context_within(*at.tree, at.node, state.context);
  const std::string_view name = at.tree->name(at.node);
  if (appearance_ != nullptr && !appearance_->surfaces.empty()) {
    const std::string_view id = at.tree->attribute(at.node, "id");
    const auto found = id.empty() ? appearance_->surfaces.end() : appearance_->surfaces.find(hash_of(id));
    if (found != appearance_->surfaces.end()) state.material = found->second;
  }
  if (is_polygon(name)) return add_polygon(at, state, to);
  if (is_line(name) || name == "Point") {
    if (to.crs.empty()) to.crs = state.context.crs;
    const size_t first = to.positions.size();
    if (!to.has_faces() && read_positions(at, state.context, to) && is_line(name)) {
      if (to.positions.size() > first + 1) to.ring_ends.push_back(static_cast<uint32_t>(to.positions.size()));
    }
    return;
  }
  if ((name == "OrientableSurface" || name == "_TexturedSurface" || name == "TexturedSurface") &&
      at.tree->attribute(at.node, "orientation") == "-") {
    state.is_reversed = !state.is_reversed;
  }
  follow(at, state, to);
  ++state.depth;
  for (Node child = at.tree->first_child(at.node); child != XmlTree::none; child = at.tree->next(child)) {
    walk({at.tree, child}, state, to);
  }
}

bool GmlGeometryReader::read_numbers(std::string_view text, int dimension, CityGeometry& to) {
  double number = 0;
  bool is_bad = false;
  std::array<double, 3> position{0, 0, std::numeric_limits<double>::quiet_NaN()};
  int axis = 0;
  while (next_number(text, number, is_bad)) {
    position[static_cast<size_t>(axis++)] = number;
    if (axis < dimension) continue;
    to.positions.push_back({position[0], position[1], position[2]});
    axis = 0;
  }
  return !is_bad && axis == 0;
}

// gml:coordinates: "1,2,3 4,5,6", with separators that it may name.
bool GmlGeometryReader::read_coordinates(Place at, CityGeometry& to) {
  std::string text(at.tree->text_of(at.node));
  const std::string_view stated = at.tree->attribute(at.node, "cs");
  const char separator = stated.size() == 1 ? stated[0] : ',';
  const size_t end = text.find_first_of(" \n\t\r");
  const auto commas = std::count(text.begin(), text.begin() + static_cast<long>(std::min(end, text.size())), separator);
  std::replace(text.begin(), text.end(), separator, ' ');
  return commas >= 1 && commas <= 2 && read_numbers(text, static_cast<int>(commas) + 1, to);
}

// Everything below a ring, line or point that gives positions.
bool GmlGeometryReader::read_positions(Place at, const GmlContext& context, CityGeometry& to) {
  bool is_good = true;
  for (Node child = at.tree->first_child(at.node); child != XmlTree::none; child = at.tree->next(child)) {
    const std::string_view name = at.tree->name(child);
    const GmlContext here = context_within(*at.tree, child, context);
    if (name == "posList" || name == "pos") {
      is_good = read_numbers(at.tree->text_of(child), here.dimension, to) && is_good;
    } else if (name == "coordinates") {
      is_good = read_coordinates({at.tree, child}, to) && is_good;
    } else if (at.tree->first_child(child) != XmlTree::none) {
      is_good = read_positions({at.tree, child}, here, to) && is_good;
    }
  }
  return is_good;
}

void GmlGeometryReader::add_texture_corners(const XmlTree& tree, Node ring, size_t first, size_t stated,
                                            CityGeometry& to, int32_t& texture) {
  if (appearance_ == nullptr || appearance_->rings.empty()) return;
  const std::string_view id = tree.attribute(ring, "id");
  const auto found = id.empty() ? appearance_->rings.end() : appearance_->rings.find(hash_of(id));
  if (found == appearance_->rings.end()) return;
  const auto& covered = found->second;
  const size_t wanted = to.positions.size() - first;
  // With or without the closing corner, as the positions were stated.
  if (covered.count / 2 != stated && covered.count / 2 != wanted) {
    note("a ring has another number of texture coordinates than of corners: left untextured");
    return;
  }
  to.texture_positions.resize(first * 2, 0.0F);
  const auto begin = appearance_->texture_positions.begin() + covered.start;
  to.texture_positions.insert(to.texture_positions.end(), begin, begin + static_cast<long>(wanted * 2));
  if (texture < 0) texture = covered.texture;
}

bool GmlGeometryReader::add_ring(Place at, const State& state, CityGeometry& to, int32_t& texture) {
  const size_t first = to.positions.size();
  const bool is_good = read_positions(at, context_within(*at.tree, at.node, state.context), to);
  const size_t stated = to.positions.size() - first;
  const auto same = [](const RawPosition& a, const RawPosition& b) {
    return a.first == b.first && a.second == b.second && (a.third == b.third || std::isnan(a.third));
  };
  if (stated > 1 && same(to.positions[first], to.positions.back())) to.positions.pop_back();
  if (!is_good || to.positions.size() < first + 3) {
    note(is_good ? "a ring has fewer than three corners: its face was left out"
                 : "a list of positions cannot be read: its face was left out");
    to.positions.resize(first);
    return false;
  }
  add_texture_corners(*at.tree, at.node, first, stated, to, texture);
  if (state.is_reversed) {
    std::reverse(to.positions.begin() + static_cast<long>(first), to.positions.end());
    if (to.texture_positions.size() > first * 2) {
      for (size_t low = first, high = to.positions.size() - 1; low < high; ++low, --high) {
        std::swap(to.texture_positions[low * 2], to.texture_positions[high * 2]);
        std::swap(to.texture_positions[low * 2 + 1], to.texture_positions[high * 2 + 1]);
      }
    }
  }
  to.ring_ends.push_back(static_cast<uint32_t>(to.positions.size()));
  return true;
}

void GmlGeometryReader::add_polygon(Place at, const State& state, CityGeometry& to) {
  const uint64_t place = (at.tree == trees_.own ? 0 : uint64_t{1} << 32) + at.node;
  if (!seen_.try_emplace(place, true).second) return;
  if (to.crs.empty()) to.crs = state.context.crs;
  if (!to.has_faces()) {
    // Lines and points beside faces are not what is looked at.
    to.positions.clear();
    to.ring_ends.clear();
  }
  const size_t first = to.positions.size(), first_ring = to.ring_ends.size();
  int32_t texture = -1;
  bool is_whole = true;
  for (Node part = at.tree->first_child(at.node); is_whole && part != XmlTree::none; part = at.tree->next(part)) {
    const std::string_view name = at.tree->name(part);
    const bool is_outside = name == "exterior" || name == "outerBoundaryIs";
    if (!is_outside && name != "interior" && name != "innerBoundaryIs") continue;
    for (Node ring = at.tree->first_child(part); is_whole && ring != XmlTree::none; ring = at.tree->next(ring)) {
      const bool is_added = add_ring({at.tree, ring}, state, to, texture);
      is_whole = is_added || !is_outside;
    }
  }
  if (!is_whole || to.ring_ends.size() == first_ring) {
    to.positions.resize(first);
    to.ring_ends.resize(first_ring);
    if (to.texture_positions.size() > first * 2) to.texture_positions.resize(first * 2);
    return;
  }
  to.end_face(state.type, texture, state.material);
}

void GmlGeometryReader::collect(Node node, SurfaceType type, const GmlContext& context, CityGeometry& to) {
  State state;
  state.type = type;
  state.context = context;
  walk({trees_.own, node}, state, to);
  if (!to.textures.empty()) to.pad_texture_positions();
}

bool GmlGeometryReader::read_matrix(Node node, std::array<double, 16>& matrix) {
  matrix = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
  const Node stated = trees_.own->child(node, "transformationMatrix");
  if (stated == XmlTree::none) return true;
  std::string_view text = trees_.own->text_of(stated);
  bool is_bad = false;
  for (double& part : matrix) {
    if (next_number(text, part, is_bad)) continue;
    note("the matrix of an implicit geometry has not 16 numbers: left out");
    return false;
  }
  return true;
}

bool GmlGeometryReader::read_implicit(Node node, SurfaceType type, const GmlContext& context, CityGeometry& to) {
  const XmlTree& tree = *trees_.own;
  std::array<double, 16> m{};
  if (node == XmlTree::none || !read_matrix(node, m)) return false;
  CityGeometry point;
  if (const Node reference = tree.child(node, "referencePoint"); reference != XmlTree::none) {
    walk({&tree, reference}, {SurfaceType::other, context, false, -1, 0}, point);
  }
  if (point.positions.empty()) {
    note("an implicit geometry without a reference point was left out");
    return false;
  }
  to.reference = point.positions.front();
  Node relative = tree.child(node, "relativeGMLGeometry");
  if (relative == XmlTree::none) relative = tree.child(node, "relativeGeometry");
  if (relative == XmlTree::none) {
    const Node library = tree.child(node, "libraryObject");
    const std::string_view file = library == XmlTree::none ? std::string_view() : tree.text_of(library);
    note(file.empty() ? "an implicit geometry without a shape: its reference point was taken"
                      : "its shape is in the file \"" + excerpt(file, 200) +
                            "\", which is not read: its reference point was taken");
  } else {
    // One prototype stands in many places: that its faces were read for another says nothing.
    auto seen = std::exchange(seen_, {});
    walk({&tree, relative}, {type, GmlContext(), false, -1, 0}, to);
    seen_ = std::move(seen);
  }
  to.crs = point.crs;
  to.is_local = !to.positions.empty();
  if (!to.is_local) to.positions = {to.reference};
  if (!to.is_local) return true;
  for (RawPosition& p : to.positions) {
    const double z = std::isnan(p.third) ? 0 : p.third;
    p = {m[0] * p.first + m[1] * p.second + m[2] * z + m[3], m[4] * p.first + m[5] * p.second + m[6] * z + m[7],
         m[8] * p.first + m[9] * p.second + m[10] * z + m[11]};
  }
  if (!to.textures.empty()) to.pad_texture_positions();
  return true;
}

}  // namespace cityloom::space
