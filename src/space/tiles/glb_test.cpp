// What is written is what was meant: compressed or plain, with textures, repeated objects and features.
#include "space/tiles/glb.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "space/tiles/glb_reader_test.hpp"

namespace cityloom::space {
namespace {

const twin::Position somewhere{127.1, 37.51, 30};
// The smallest PNG: one pixel.
const std::string png(
    "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\6\0\0\0\x1f\x15\xc4\x89\0\0\0\nIDATx\x9c"
    "c\0\1\0\0\5\0\1\r\n-\xb4\0\0\0\0IEND\xae"
    "B`\x82",
    66);

GlbScene empty_scene() {
  return {LocalFrame(somewhere), {}, {}, FeatureTable("thing", {"id"}, {"height"})};
}

Vector random_vector(std::mt19937& random, double size) {
  std::uniform_real_distribution<double> number(-size, size);
  return {number(random), number(random), number(random)};
}

// Triangles of several materials and features, some with textures.
GlbScene random_scene(uint32_t seed) {
  std::mt19937 random(seed);
  GlbScene scene = empty_scene();
  const double size = std::pow(10.0, 1 + seed % 4);
  for (uint32_t feature = 0; feature < 40; ++feature) {
    scene.features.add_row();
    scene.features.set_text("id", "urn:ngsi-ld:Thing:" + std::to_string(feature * 977));
    if (feature % 3 == 0) scene.features.set_number("height", feature);
    Material material;
    material.base_colour = {static_cast<float>(feature % 3) / 4, 0.5F, 0.5F, feature % 3 == 2 ? 0.5F : 1.0F};
    material.texture = feature % 3 == 1 ? "aa" : "";
    scene.mesh.use(material);
    for (int i = 0; i < 20; ++i) {
      const Vector a = random_vector(random, size);
      uint32_t corners[3];
      for (uint32_t& corner : corners) {
        const auto place = feature % 3 == 1 ? std::optional(TextureCoordinate{0.25F, 0.75F}) : std::nullopt;
        corner = scene.mesh.add_vertex(a + random_vector(random, size / 20), {0, 0, 1}, feature, place);
      }
      scene.mesh.add_triangle(corners[0], corners[1], corners[2]);
    }
  }
  return scene;
}

GlbOptions options_with_texture(bool is_compressed) {
  return {is_compressed, [](std::string_view hash) -> base::Result<std::shared_ptr<const std::string>> {
            if (hash != "aa") return base::fail(base::Code::not_found, "no such asset");
            return std::make_shared<const std::string>(png);
          }};
}

// The triangles in an order of their own, each beginning with its least corner.
std::vector<std::array<Vector, 3>> sorted(std::vector<std::array<Vector, 3>> triangles) {
  const auto less = [](Vector a, Vector b) { return std::tie(a.x, a.y, a.z) < std::tie(b.x, b.y, b.z); };
  for (auto& triangle : triangles) {
    std::rotate(triangle.begin(), std::min_element(triangle.begin(), triangle.end(), less), triangle.end());
  }
  std::sort(triangles.begin(), triangles.end(), [&](const auto& a, const auto& b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), less);
  });
  return triangles;
}

TEST(Glb, DecodedTrianglesAreTheSourceWithinTheGrid) {
  for (uint32_t seed = 0; seed < 12; ++seed) {
    const GlbScene scene = random_scene(seed);
    const GlbReader packed(make_glb(scene, options_with_texture(true)));
    const auto triangles = packed.triangles();
    ASSERT_EQ(triangles.size(), scene.mesh.triangle_count());
    double extent = 0;
    std::vector<std::array<Vector, 3>> source, decoded;
    for (size_t i = 0; i < scene.mesh.indices.size(); i += 3) {
      auto& triangle = source.emplace_back();
      for (size_t c = 0; c < 3; ++c) {
        const float* p = &scene.mesh.positions[3 * scene.mesh.indices[i + c]];
        triangle[c] = {static_cast<double>(p[0]), static_cast<double>(-p[2]), static_cast<double>(p[1])};
        extent = std::max({extent, std::abs(triangle[c].x), std::abs(triangle[c].y), std::abs(triangle[c].z)});
      }
    }
    const double step = quantisation_step_m(2 * extent);
    // Source onto the same grid: then both are sorted alike.
    const auto& node = packed.json["nodes"][1];
    const auto offset = node["translation"].get<std::vector<double>>();
    const double grid = node["scale"][0].get<double>();
    EXPECT_LE(grid, step);
    const auto snapped = [&](Vector v) {
      return Vector{std::round((v.x - offset[0]) / grid), std::round((v.y + offset[2]) / grid),
                    std::round((v.z - offset[1]) / grid)};
    };
    for (auto& triangle : source) {
      for (Vector& corner : triangle) corner = snapped(corner);
    }
    for (const auto& triangle : triangles) {
      decoded.push_back(
          {snapped(triangle.corners[0].local), snapped(triangle.corners[1].local), snapped(triangle.corners[2].local)});
    }
    source = sorted(source);
    decoded = sorted(decoded);
    double worst = 0;
    for (size_t i = 0; i < source.size(); ++i) {
      for (size_t c = 0; c < 3; ++c) worst = std::max(worst, length_of(source[i][c] - decoded[i][c]));
    }
    EXPECT_LE(worst, 1.5) << "grid steps, seed " << seed;
  }
}

TEST(Glb, FeaturesMaterialsAndTexturesStay) {
  for (const bool is_compressed : {true, false}) {
    const GlbScene scene = random_scene(3);
    const GlbReader read(make_glb(scene, options_with_texture(is_compressed)));
    EXPECT_EQ(read.json["images"].size(), 1u);
    EXPECT_EQ(read.json["images"][0]["mimeType"], "image/png");
    EXPECT_EQ(read.json["materials"].size(), 3u);
    EXPECT_EQ(read.json["materials"][2]["alphaMode"], "BLEND");
    EXPECT_EQ(read.texts("id")[7], "urn:ngsi-ld:Thing:6839");
    EXPECT_EQ(read.numbers("height")[3], 3);
    EXPECT_EQ(read.numbers("height")[4], std::nullopt);
    std::vector<size_t> triangles_of(40);
    for (const auto& triangle : read.triangles()) {
      const uint32_t feature = triangle.corners[0].feature;
      ++triangles_of.at(feature);
      EXPECT_EQ(triangle.material, feature % 3);
      if (feature % 3 == 1) {
        EXPECT_NEAR(triangle.corners[2].texture[0], 0.25, 1e-4);
        EXPECT_NEAR(triangle.corners[2].texture[1], 0.75, 1e-4);
      }
    }
    EXPECT_THAT(triangles_of, ::testing::Each(20u));
  }
}

TEST(Glb, ATextureThatIsNotThereLeavesTheColour) {
  const GlbReader read(make_glb(random_scene(3)));
  EXPECT_FALSE(read.json.contains("images"));
  EXPECT_EQ(read.json["materials"].size(), 3u);
}

TEST(Glb, RepeatedObjectsAreSentOnceAndStandWhereTheyShould) {
  GlbScene scene = empty_scene();
  InstancedMesh trees;
  // An arrow to the north of the object, 4 m long, its tail 1 m above the ground.
  trees.mesh.add_flat_triangle({-1, 0, 1}, {1, 0, 1}, {0, 4, 1}, 0);
  for (uint32_t i = 0; i < 100; ++i) {
    scene.features.add_row();
    trees.instances.push_back({{i * 10.0, 50, 2}, 90, {1, 1, 2}, i});
  }
  scene.instanced.push_back(trees);
  const std::string file = make_glb(scene);
  EXPECT_LT(file.size(), 8'000u);
  const GlbReader read(file);
  const auto& node = read.json["nodes"][1];
  const auto& attributes = node["extensions"]["EXT_mesh_gpu_instancing"]["attributes"];
  const auto translations = read.values(attributes["TRANSLATION"]), rotations = read.values(attributes["ROTATION"]),
             scales = read.values(attributes["SCALE"]), features = read.values(attributes["_FEATURE_ID_0"]);
  ASSERT_EQ(features.size(), 100u);
  EXPECT_EQ(features[17], 17);
  const auto positions = read.values(read.json["meshes"][0]["primitives"][0]["attributes"]["POSITION"]);
  // By hand: scale, then turn by the quaternion about the y axis, then move.
  Vector furthest_east;
  for (size_t v = 0; v < positions.size() / 3; ++v) {
    const double x = positions[v * 3] * scales[17 * 3], y = positions[v * 3 + 1] * scales[17 * 3 + 1],
                 z = positions[v * 3 + 2] * scales[17 * 3 + 2];
    const double qy = rotations[17 * 4 + 1], qw = rotations[17 * 4 + 3];
    const double cosine = qw * qw - qy * qy, sine = 2 * qy * qw;
    const Vector at{x * cosine + z * sine + translations[17 * 3], -(z * cosine - x * sine + translations[17 * 3 + 2]),
                    y + translations[17 * 3 + 1]};
    if (v == 0 || at.x > furthest_east.x) furthest_east = at;
  }
  // Turned to the east, the tip of the arrow lies 4 m east of where it stands, 2 * 1 m above.
  EXPECT_NEAR(furthest_east.x, 174, 0.01);
  EXPECT_NEAR(furthest_east.y, 50, 0.01);
  EXPECT_NEAR(furthest_east.z, 4, 0.01);
}

TEST(Glb, CompressedIsMuchSmallerAndAlwaysTheSame) {
  const GlbScene scene = random_scene(1);
  const std::string compressed = make_glb(scene);
  EXPECT_EQ(compressed, make_glb(scene));
  EXPECT_LT(compressed.size(), make_glb(scene, {false, nullptr}).size() * 0.6) << "random triangles";
}

TEST(Glb, NothingToDrawIsAnEmptyScene) {
  const GlbReader read(make_glb(empty_scene()));
  EXPECT_FALSE(read.json.contains("meshes"));
}

}  // namespace
}  // namespace cityloom::space
