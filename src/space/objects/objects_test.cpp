// Every kind of the library: its declared size is its built size, its solids are closed, and mistakes are said.
#include "space/objects/objects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <random>

#include "space/objects/object_glb.hpp"
#include "space/objects/object_tile_mesh.hpp"

namespace cityloom::space {
namespace {

using testing::HasSubstr;

const ObjectLibrary& library() {
  static const ObjectLibrary loaded = [] {
    std::vector<base::Error> mistakes;
    ObjectLibrary made = ObjectLibrary::load({std::string(CITYLOOM_SOURCE_DIR) + "/packs/objects"}, mistakes);
    for (const base::Error& mistake : mistakes) ADD_FAILURE() << mistake.text();
    return made;
  }();
  return loaded;
}

// The defaults, each parameter at both ends alone, and chance.
std::vector<ObjectValues> cases_of(const ObjectKind& kind) {
  const ObjectValues usual = default_values(kind);
  std::vector<ObjectValues> cases{usual};
  std::mt19937 chance(7);
  for (int i = 0; i < 12; ++i) cases.push_back(usual);
  for (size_t i = 0; i < kind.parameters.size(); ++i) {
    const ObjectParameter& parameter = kind.parameters[i];
    if (parameter.kind == ObjectParameter::Kind::colour) continue;
    const bool is_choice = parameter.kind == ObjectParameter::Kind::choice;
    const double last = is_choice ? static_cast<double>(parameter.choices.size()) - 1 : parameter.maximum;
    const double first = is_choice ? 0 : parameter.minimum;
    for (const double end : {first, last}) {
      cases.push_back(usual);
      cases.back().numbers[i] = end;
    }
    for (size_t k = 1; k <= 12; ++k) {
      double value = std::uniform_real_distribution<double>(first, last + (is_choice ? 0.999 : 0))(chance);
      if (parameter.kind != ObjectParameter::Kind::number) value = std::floor(value + (is_choice ? 0 : 0.5));
      cases[k].numbers[i] = value;
    }
  }
  return cases;
}

TEST(Objects, ThereAreSixtyKindsInBothLanguages) {
  EXPECT_GE(library().kinds().size(), 60u);
  for (const ObjectKind& kind : library().kinds()) {
    EXPECT_FALSE(kind.name.ko.empty() || kind.name.en.empty()) << kind.id;
    EXPECT_NE(kind.name.ko, kind.name.en) << kind.id;
  }
}

TEST(Objects, BuiltSizeIsDeclaredSize) {
  for (const ObjectKind& kind : library().kinds()) {
    for (const ObjectValues& values : cases_of(kind)) {
      const auto mesh = library().mesh(kind, values);
      ASSERT_TRUE(mesh.ok()) << kind.id << ": " << mesh.error().text();
      const auto declared = size_of(kind, values);
      ASSERT_TRUE(declared.ok()) << declared.error().text();
      const ObjectBounds bounds = bounds_of(*mesh);
      const Vector built = bounds.greatest - bounds.least;
      const double tolerance = 0.002 + 1e-5 * length_of(built);
      EXPECT_NEAR(built.x, declared->x, tolerance) << kind.id << " width at " << kind.where;
      EXPECT_NEAR(built.y, declared->y, tolerance) << kind.id << " depth at " << kind.where;
      EXPECT_NEAR(built.z, declared->z, tolerance) << kind.id << " height at " << kind.where;
    }
  }
}

// Corners at one place are one corner; each edge must be met by its reverse.
void expect_closed(const ObjectKind& kind, const ObjectMesh& mesh) {
  for (const ObjectMesh::Solid& solid : mesh.solids) {
    std::map<std::array<float, 3>, uint32_t> corners;
    std::map<std::pair<uint32_t, uint32_t>, int> edges;
    double volume = 0;
    for (uint32_t i = 0; i < solid.index_count; i += 3) {
      std::array<uint32_t, 3> triangle;
      std::array<Vector, 3> p;
      for (uint32_t k = 0; k < 3; ++k) {
        const float* at = mesh.positions.data() + mesh.indices[solid.first_index + i + k] * 3;
        const std::array<float, 3> place{at[0] + 0.0f, at[1] + 0.0f, at[2] + 0.0f};
        triangle[k] = corners.emplace(place, static_cast<uint32_t>(corners.size())).first->second;
        p[k] = {static_cast<double>(at[0]), static_cast<double>(at[1]), static_cast<double>(at[2])};
      }
      for (size_t k = 0; k < 3; ++k) {
        const uint32_t a = triangle[k], b = triangle[(k + 1) % 3];
        edges[{std::min(a, b), std::max(a, b)}] += a < b ? 1 : -1;
      }
      const Vector face = cross(p[1] - p[0], p[2] - p[0]);
      const float* normal = mesh.normals.data() + mesh.indices[solid.first_index + i] * 3;
      const Vector n{static_cast<double>(normal[0]), static_cast<double>(normal[1]), static_cast<double>(normal[2])};
      EXPECT_NEAR(length_of(n), 1, 1e-4) << kind.id << " " << solid.where;
      EXPECT_TRUE(length_of(face) < 1e-7 || dot(face, n) > 0) << kind.id << " " << solid.where;
      volume += dot(p[0], cross(p[1], p[2])) / 6;
    }
    for (const auto& [edge, sum] : edges) EXPECT_EQ(sum, 0) << kind.id << " is open at " << solid.where;
    // About the origin of large objects the sum of floats is not exact.
    EXPECT_GT(volume, -1e-4) << kind.id << " is inside out at " << solid.where;
  }
}

TEST(Objects, EverySolidIsClosedAndLooksOutward) {
  for (const ObjectKind& kind : library().kinds()) {
    for (const int level : {0, 1}) {
      const auto mesh = library().mesh(kind, default_values(kind), level);
      ASSERT_TRUE(mesh.ok()) << kind.id << ": " << mesh.error().text();
      expect_closed(kind, *mesh);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST(Objects, TrianglesAreFewAndFewerFarAway) {
  size_t near = 0, far = 0;
  for (const ObjectKind& kind : library().kinds()) {
    const auto fine = library().mesh(kind, default_values(kind), 0),
               coarse = library().mesh(kind, default_values(kind), 1);
    ASSERT_TRUE(fine.ok() && coarse.ok()) << kind.id;
    EXPECT_LE(fine->triangle_count(), 1'600u) << kind.id;
    EXPECT_LE(coarse->triangle_count(), fine->triangle_count()) << kind.id;
    near += fine->triangle_count();
    far += coarse->triangle_count();
  }
  EXPECT_LT(near / library().kinds().size(), 500u);
  EXPECT_LT(far, near * 2 / 3);
}

TEST(Objects, AsATileMeshItHasTheSameTriangles) {
  const ObjectKind* shelter = library().find("bus-stop-shelter");
  ASSERT_NE(shelter, nullptr);
  const auto mesh = library().mesh(*shelter, default_values(*shelter));
  ASSERT_TRUE(mesh.ok());
  const Mesh tile = tile_mesh_of(*mesh);
  EXPECT_EQ(tile.triangle_count(), mesh->triangle_count());
  EXPECT_EQ(tile.materials.size(), mesh->surfaces.size());
  EXPECT_EQ(tile.parts.size(), tile.materials.size());
}

TEST(Objects, TheSameObjectIsTheSameBytes) {
  const ObjectKind* bench = library().find("bench");
  ASSERT_NE(bench, nullptr);
  const auto once = library().glb(*bench, default_values(*bench)),
             again = library().glb(*bench, default_values(*bench));
  ASSERT_TRUE(once.ok() && again.ok());
  EXPECT_EQ(*once, *again);
  EXPECT_EQ(once->substr(0, 4), "glTF");
}

TEST(Objects, EntitiesAreObjectsByTheirKindOrByARule) {
  twin::TermTable terms;
  const auto term = [&](const std::string& name) {
    return *terms.intern("https://uri.etsi.org/ngsi-ld/default-context/" + name);
  };
  const auto attribute = [&](twin::Term name, twin::Value value) {
    twin::Attribute made;
    made.name = name;
    made.value = std::move(value);
    return made;
  };
  twin::Entity bench;
  bench.id = "urn:ngsi-ld:CityObject:1";
  bench.types = {term("CityObject")};
  bench.attributes = {attribute(term("kind"), std::string("bench")),
                      attribute(term("parameters"), twin::Json{R"({"length":2.4,"back":false,"wings":3})"}),
                      attribute(term("heading"), int64_t{90}),
                      attribute(twin::terms::location, twin::Geometry::point({127.1, 37.5}))};
  twin::Entity stop;
  stop.id = "urn:ngsi-ld:PointOfInterest:2";
  stop.types = {term("PointOfInterest")};
  stop.attributes = {attribute(term("category"), std::string("bus_stop")),
                     attribute(twin::terms::location, twin::Geometry::point({127.2, 37.5}))};
  const ObjectPlacer placer(library(), terms);
  const auto placed = placer.place(twin::EntityRecord::pack(bench, {0}));
  ASSERT_TRUE(placed);
  EXPECT_EQ(placed->kind->id, "bench");
  EXPECT_EQ(placed->heading_deg, 90);
  EXPECT_EQ(placed->values.numbers[0], 2.4);
  EXPECT_EQ(placed->values.numbers[1], 0);
  const auto by_rule = placer.place(twin::EntityRecord::pack(stop, {1}));
  ASSERT_TRUE(by_rule);
  EXPECT_EQ(by_rule->kind->id, "bus-stop-pole");
  stop.attributes.pop_back();
  EXPECT_FALSE(placer.place(twin::EntityRecord::pack(stop, {1}))) << "without a place";
}

TEST(Objects, ValuesOutOfRangeAreRefusedByName) {
  const ObjectKind* bench = library().find("bench");
  ASSERT_NE(bench, nullptr);
  const auto too_long = values_of(*bench, {{"length", "99"}});
  ASSERT_FALSE(too_long.ok());
  EXPECT_EQ(too_long.error().where, "length");
  EXPECT_THAT(too_long.error().what, HasSubstr("not from"));
  EXPECT_FALSE(values_of(*bench, {{"wings", "2"}}).ok());
  EXPECT_FALSE(values_of(*bench, {{"length", "nan"}}).ok());
  EXPECT_TRUE(values_of(*bench, {{"length", "2"}}).ok());
}

base::Status read(const std::string& solids, const std::string& more = "") {
  ObjectDeclarations declarations;
  return read_objects("test.yaml",
                      "categories: {c: {ko: 가, en: C}}\nmaterials: {m: {colour: '#808080'}}\nkinds:\n  k:\n"
                      "    category: c\n    name: {ko: 나, en: K}\n    size: [1, 1, 1]\n" +
                          more + "    solids:\n" + solids,
                      declarations);
}

TEST(ObjectReader, MistakesAreSaidWithTheirLine) {
  EXPECT_TRUE(read("      - box: {size: [1, 1, 1], colour: m}\n").ok());
  const auto unknown = read("      - box: {size: [1, 1, hight], colour: m}\n");
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(unknown.error().text(), HasSubstr("test.yaml:9:"));
  EXPECT_THAT(unknown.error().text(), HasSubstr("there is no 'hight'"));
  EXPECT_THAT(read("      - cube: {size: [1, 1, 1], colour: m}\n").error().text(), HasSubstr("'cube' is no solid"));
  EXPECT_THAT(read("      - box: {size: [1, 1, 1], colour: gold}\n").error().text(), HasSubstr("gold"));
  EXPECT_THAT(read("      - box: {size: [1, 1, 1], colour: m, glow: 1}\n").error().text(), HasSubstr("glow"));
  EXPECT_THAT(read("      - box: {colour: m}\n").error().text(), HasSubstr("'size' is missing"));
  EXPECT_THAT(read("      - box: [\n").error().text(), HasSubstr("not YAML"));
}

TEST(ObjectReader, AFileWithAMistakeAddsNothing) {
  ObjectDeclarations declarations;
  ASSERT_TRUE(read_objects("a.yaml", "materials: {m: {colour: '#808080'}}", declarations).ok());
  EXPECT_FALSE(
      read_objects("b.yaml", "materials: {n: {colour: '#808080'}, m: {colour: '#000000'}}", declarations).ok());
  EXPECT_EQ(declarations.materials.size(), 1u);
}

base::Result<ObjectMesh> built(const std::string& solids, const std::string& more = "") {
  ObjectDeclarations declarations;
  const auto status = read_objects(
      "test.yaml",
      "categories: {c: {ko: 가, en: C}}\nmaterials: {m: {colour: '#808080'}}\nkinds:\n  k:\n    category: c\n"
      "    name: {ko: 나, en: K}\n    size: [1, 1, 1]\n" +
          more + "    solids:\n" + solids,
      declarations);
  if (!status) return status.error();
  return build_object(declarations.kinds[0], declarations.materials, default_values(declarations.kinds[0]));
}

TEST(ObjectMeshes, WhatCannotBeBuiltSaysWhyAndWhere) {
  const auto flat = built("      - box: {size: [1, 0, 1], colour: m}\n");
  ASSERT_FALSE(flat.ok());
  EXPECT_EQ(flat.error().where, "test.yaml:9:9");
  EXPECT_THAT(
      built("      - prism: {outline: [[0, 0], [1, 1], [1, 0], [0, 1]], length: 1, colour: m}\n").error().text(),
      HasSubstr("outline"));
  EXPECT_THAT(built("      - box: {size: [1 / 0, 1, 1], colour: m}\n").error().text(), HasSubstr("box"));
  EXPECT_THAT(built("      - sweep: {path: [[0,0,0], [0,0,1], [0,0,0]], radius: 0.1, colour: m}\n").error().text(),
              HasSubstr("turns back"));
  EXPECT_THAT(built("      - repeat: {count: 1000, solids: []}\n").error().text(), HasSubstr("count"));
}

TEST(ObjectMeshes, RepeatsInRepeatsAreBounded) {
  std::string solids =
      "      - repeat: {count: 500, solids: [{repeat: {count: 500, solids: [{repeat: {count: 500, "
      "solids: [{box: {size: [1,1,1], colour: m}}]}}]}}]}\n";
  const auto mesh = built(solids);
  ASSERT_FALSE(mesh.ok());
  EXPECT_EQ(mesh.error().code, base::Code::too_complex);
}

TEST(ObjectMeshes, ConcaveOutlinesAndTurnedSolidsKeepTheirVolume) {
  // An L of 3 square metres, 2 m long, lying along y, turned: 6 cubic metres.
  const auto mesh = built(
      "      - prism: {outline: [[0,0],[2,0],[2,1],[1,1],[1,2],[0,2]], length: 2, axis: y, turn: [10, 20, 30], "
      "colour: m}\n");
  ASSERT_TRUE(mesh.ok()) << mesh.error().text();
  double volume = 0;
  for (size_t i = 0; i < mesh->indices.size(); i += 3) {
    std::array<Vector, 3> p;
    for (size_t k = 0; k < 3; ++k) {
      const float* at = mesh->positions.data() + mesh->indices[i + k] * 3;
      p[k] = {static_cast<double>(at[0]), static_cast<double>(at[1]), static_cast<double>(at[2])};
    }
    volume += dot(p[0], cross(p[1], p[2])) / 6;
  }
  EXPECT_NEAR(volume, 6, 1e-4);
}

TEST(Expressions, Values) {
  const std::vector<std::string> names{"a", "b"};
  const std::vector<double> values{3, 4};
  const std::vector<std::pair<std::string, double>> expected{{"1 + 2 * 3", 7},
                                                             {"(1 + 2) * 3", 9},
                                                             {"a - b - 1", -2},
                                                             {"-a * 2", -6},
                                                             {"if(a < b, 10, 20)", 10},
                                                             {"min(a, b) + max(1, 2)", 5},
                                                             {"sqrt(a*a + b*b)", 5},
                                                             {"!(a == 3) || b >= 4", 1},
                                                             {"sin(30)", 0.5},
                                                             {"mod(-1, 4)", 3},
                                                             {"1e2/4", 25},
                                                             {"a != 3 && 1", 0}};
  for (const auto& [text, value] : expected) {
    const auto expression = Expression::parse(text, names);
    ASSERT_TRUE(expression.ok()) << text << ": " << expression.error().text();
    EXPECT_NEAR(expression->value(values), value, 1e-12) << text;
  }
}

TEST(Expressions, MistakesAreRefused) {
  const std::vector<std::string> names{"a"};
  for (const char* text : {"", "1 +", "(1", "1)", "b", "max(1)", "max(1,2,3)", "foo(1)", "1 2", "a b", "$", "1e999"}) {
    EXPECT_FALSE(Expression::parse(text, names).ok()) << text;
  }
  EXPECT_EQ(Expression::parse(std::string(200, '(') + "1", names).error().code, base::Code::too_complex);
  EXPECT_EQ(Expression::parse(std::string(600, '1'), names).error().code, base::Code::too_complex);
}

}  // namespace
}  // namespace cityloom::space
