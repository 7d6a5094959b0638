// A golden item for each kind of representation, with the volume that geometry books give.
#include "space/ifc/ifc_solid.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "space/ifc/testing_ifc.hpp"

namespace cityloom::space {
namespace {

constexpr double pi = std::numbers::pi;

struct Read {
  IfcShape shape;
  std::vector<std::string> warnings;
  std::string error;
  double volume() const { return volume_m3(shape); }
};

// Reads item #100 of a file with these lines.
Read read_item(std::string_view lines, std::string_view unit = "#6=IFCSIUNIT(*,.LENGTHUNIT.,$,.METRE.);") {
  auto file = StepFile::read(testing::ifc_file(lines, "IFC4", unit));
  EXPECT_TRUE(file.ok());
  Read read;
  IfcReader reader(*file, {},
                   [&](uint64_t id, std::string reason) { read.warnings.push_back(instance_name(id) + " " + reason); });
  IfcSolids solids(reader);
  auto shape = solids.item(100);
  if (shape) {
    read.shape = std::move(*shape);
  } else {
    read.error = shape.error().text();
  }
  return read;
}

// The prism of height 3 over a profile #50.
double prism_volume(std::string_view profile) {
  const Read read =
      read_item(std::string(profile) + "#100=IFCEXTRUDEDAREASOLID(#50,#4,#51,3.);#51=IFCDIRECTION((0.,0.,1.));");
  EXPECT_EQ(read.error, "");
  EXPECT_TRUE(read.warnings.empty()) << read.warnings.front();
  return read.volume();
}

TEST(IfcSolid, ParametrisedProfiles) {
  EXPECT_NEAR(prism_volume("#50=IFCRECTANGLEPROFILEDEF(.AREA.,$,$,2.,5.);"), 30, 1e-9);
  EXPECT_NEAR(prism_volume("#50=IFCRECTANGLEHOLLOWPROFILEDEF(.AREA.,$,$,2.,5.,0.5,$,$);"), 30 - 12, 1e-9);
  EXPECT_NEAR(prism_volume("#50=IFCROUNDEDRECTANGLEPROFILEDEF(.AREA.,$,$,2.,5.,0.5);"), 3 * (10 - (4 - pi) / 4), 0.02);
  EXPECT_NEAR(prism_volume("#50=IFCCIRCLEPROFILEDEF(.AREA.,$,$,1.);"), 3 * pi, 0.03);
  EXPECT_NEAR(prism_volume("#50=IFCCIRCLEHOLLOWPROFILEDEF(.AREA.,$,$,1.,0.25);"), 3 * pi * (1 - 0.5625), 0.03);
  EXPECT_NEAR(prism_volume("#50=IFCELLIPSEPROFILEDEF(.AREA.,$,$,1.,0.5);"), 1.5 * pi, 0.03);
  EXPECT_NEAR(prism_volume("#50=IFCISHAPEPROFILEDEF(.AREA.,$,$,0.2,0.4,0.01,0.02,$);"),
              3 * (2 * 0.2 * 0.02 + 0.36 * 0.01), 1e-9);
  EXPECT_NEAR(prism_volume("#50=IFCASYMMETRICISHAPEPROFILEDEF(.AREA.,$,$,0.2,0.4,0.01,0.02,$,0.1,0.03,$,$);"),
              3 * (0.2 * 0.02 + 0.1 * 0.03 + 0.35 * 0.01), 1e-9);
  EXPECT_NEAR(prism_volume("#50=IFCLSHAPEPROFILEDEF(.AREA.,$,$,0.4,0.2,0.02,$,$,$);"), 3 * (0.2 * 0.02 + 0.38 * 0.02),
              1e-9);
  EXPECT_NEAR(prism_volume("#50=IFCTSHAPEPROFILEDEF(.AREA.,$,$,0.4,0.2,0.01,0.02,$,$,$,$,$);"),
              3 * (0.2 * 0.02 + 0.38 * 0.01), 1e-9);
  EXPECT_NEAR(prism_volume("#50=IFCUSHAPEPROFILEDEF(.AREA.,$,$,0.4,0.2,0.01,0.02,$,$,$);"),
              3 * (2 * 0.2 * 0.02 + 0.36 * 0.01), 1e-9);
  EXPECT_NEAR(prism_volume("#50=IFCCSHAPEPROFILEDEF(.AREA.,$,$,0.4,0.2,0.01,0.05,$);"),
              3 * 0.01 * (0.4 + 2 * 0.19 + 2 * 0.04), 1e-9);
  EXPECT_NEAR(prism_volume("#50=IFCZSHAPEPROFILEDEF(.AREA.,$,$,0.4,0.2,0.01,0.02,$,$);"),
              3 * (2 * 0.2 * 0.02 + 0.36 * 0.01), 1e-9);
  EXPECT_NEAR(prism_volume("#50=IFCTRAPEZIUMPROFILEDEF(.AREA.,$,$,2.,1.,1.,0.5);"), 3 * 1.5, 1e-9);
}

TEST(IfcSolid, ArbitraryProfiles) {
  const char* square =
      "#60=IFCPOLYLINE((#61,#62,#63,#64,#61));#61=IFCCARTESIANPOINT((0.,0.));#62=IFCCARTESIANPOINT((0.,4.));"
      "#63=IFCCARTESIANPOINT((4.,4.));#64=IFCCARTESIANPOINT((4.,0.));";
  EXPECT_NEAR(prism_volume(std::string(square) + "#50=IFCARBITRARYCLOSEDPROFILEDEF(.AREA.,$,#60);"), 48, 1e-9);
  EXPECT_NEAR(prism_volume(std::string(square) +
                           "#50=IFCARBITRARYPROFILEDEFWITHVOIDS(.AREA.,$,#60,(#70));"
                           "#70=IFCCIRCLE(#71,1.);#71=IFCAXIS2PLACEMENT2D(#72,$);#72=IFCCARTESIANPOINT((2.,2.));"),
              48 - 3 * pi, 0.03);
  // Half a disc: a trimmed arc and a line, in radians, and with trims by points the wrong way round.
  EXPECT_NEAR(
      prism_volume(
          "#50=IFCARBITRARYCLOSEDPROFILEDEF(.AREA.,$,#80);#80=IFCCOMPOSITECURVE((#81,#82),.F.);"
          "#81=IFCCOMPOSITECURVESEGMENT(.CONTINUOUS.,.T.,#83);#82=IFCCOMPOSITECURVESEGMENT(.CONTINUOUS.,.T.,#84);"
          "#83=IFCTRIMMEDCURVE(#85,(IFCPARAMETERVALUE(0.)),(IFCPARAMETERVALUE(3.14159265358979)),.T.,.PARAMETER.);"
          "#85=IFCCIRCLE(#86,2.);#86=IFCAXIS2PLACEMENT2D(#87,$);#87=IFCCARTESIANPOINT((0.,0.));"
          "#84=IFCPOLYLINE((#88,#89));#88=IFCCARTESIANPOINT((-2.,0.));#89=IFCCARTESIANPOINT((2.,0.));"),
      3 * 2 * pi, 0.05);
  // The same with IFC 4's indexed curve.
  EXPECT_NEAR(prism_volume("#50=IFCARBITRARYCLOSEDPROFILEDEF(.AREA.,$,#80);"
                           "#80=IFCINDEXEDPOLYCURVE(#81,(IFCARCINDEX((1,2,3)),IFCLINEINDEX((3,1))),.F.);"
                           "#81=IFCCARTESIANPOINTLIST2D(((2.,0.),(0.,2.),(-2.,0.)));"),
              3 * 2 * pi, 0.05);
  EXPECT_NEAR(
      prism_volume("#50=IFCCOMPOSITEPROFILEDEF(.AREA.,$,(#52,#53),$);#52=IFCRECTANGLEPROFILEDEF(.AREA.,$,$,1.,1.);"
                   "#53=IFCDERIVEDPROFILEDEF(.AREA.,$,#52,#54,$);#54=IFCCARTESIANTRANSFORMATIONOPERATOR2D($,$,#55,2.);"
                   "#55=IFCCARTESIANPOINT((5.,0.));"),
      3 * 5, 1e-9);
  EXPECT_NEAR(
      prism_volume("#50=IFCCENTERLINEPROFILEDEF(.AREA.,$,#60,0.1);#60=IFCPOLYLINE((#61,#62,#63));"
                   "#61=IFCCARTESIANPOINT((0.,0.));#62=IFCCARTESIANPOINT((4.,0.));#63=IFCCARTESIANPOINT((4.,4.));"),
      3 * 0.8, 0.01);
}

TEST(IfcSolid, SweptSolids) {
  const char* section =
      "#50=IFCRECTANGLEPROFILEDEF(.AREA.,$,#51,1.,2.);#51=IFCAXIS2PLACEMENT2D(#52,$);#52=IFCCARTESIANPOINT((3.,0.));"
      "#53=IFCAXIS1PLACEMENT(#5,#54);#54=IFCDIRECTION((0.,1.,0.));";
  // Pappus: the area times the way of its middle.
  EXPECT_NEAR(read_item(std::string(section) + "#100=IFCREVOLVEDAREASOLID(#50,#4,#53,1.5707963267949);").volume(),
              2 * 3 * pi / 2, 0.05);
  EXPECT_NEAR(read_item(std::string(section) + "#100=IFCREVOLVEDAREASOLID(#50,#4,#53,6.28318530717959);").volume(),
              2 * 3 * 2 * pi, 0.2);
  const Read pipe =
      read_item("#100=IFCSWEPTDISKSOLID(#60,0.1,$,$,$);#60=IFCPOLYLINE((#5,#61));#61=IFCCARTESIANPOINT((0.,0.,5.));");
  EXPECT_NEAR(pipe.volume(), 5 * pi * 0.01, 0.01);
  const Read hollow = read_item(
      "#100=IFCSWEPTDISKSOLID(#60,0.1,0.08,$,$);#60=IFCPOLYLINE((#5,#61));#61=IFCCARTESIANPOINT((5.,0.,0.));");
  EXPECT_NEAR(hollow.volume(), 5 * pi * (0.01 - 0.0064), 0.005);
  const Read along = read_item(
      "#100=IFCSURFACECURVESWEPTAREASOLID(#50,#4,#60,$,$,#70);#50=IFCRECTANGLEPROFILEDEF(.AREA.,$,$,0.2,0.3);"
      "#60=IFCPOLYLINE((#5,#61));#61=IFCCARTESIANPOINT((5.,0.,0.));#70=IFCPLANE(#4);");
  EXPECT_NEAR(along.volume(), 5 * 0.06, 1e-6);
  const Read tapered = read_item(
      "#100=IFCEXTRUDEDAREASOLIDTAPERED(#50,#4,#51,3.,#52);#50=IFCRECTANGLEPROFILEDEF(.AREA.,$,$,2.,2.);"
      "#52=IFCRECTANGLEPROFILEDEF(.AREA.,$,$,1.,1.);#51=IFCDIRECTION((0.,0.,1.));");
  EXPECT_NEAR(tapered.volume(), 3.0 / 3 * (4 + 2 + 1), 1e-9);  // a frustum
}

TEST(IfcSolid, Primitives) {
  EXPECT_NEAR(read_item("#100=IFCBLOCK(#4,1.,2.,3.);").volume(), 6, 1e-9);
  EXPECT_NEAR(read_item("#100=IFCRECTANGULARPYRAMID(#4,1.,2.,3.);").volume(), 2, 1e-9);
  EXPECT_NEAR(read_item("#100=IFCRIGHTCIRCULARCYLINDER(#4,3.,1.);").volume(), 3 * pi, 0.05);
  EXPECT_NEAR(read_item("#100=IFCRIGHTCIRCULARCONE(#4,3.,1.);").volume(), pi, 0.03);
  EXPECT_NEAR(read_item("#100=IFCSPHERE(#4,1.);").volume(), 4 * pi / 3, 0.05);
  EXPECT_NEAR(read_item("#100=IFCBOUNDINGBOX(#5,1.,2.,3.);").volume(), 6, 1e-9);
}

// A tetrahedron with edges 1 along the axes: volume 1/6.
const char* const tetrahedron_points =
    "#61=IFCCARTESIANPOINT((1.,0.,0.));#62=IFCCARTESIANPOINT((0.,1.,0.));#63=IFCCARTESIANPOINT((0.,0.,1.));";
std::string tetrahedron(std::string_view shell) {
  std::string text = tetrahedron_points;
  const char* loops[] = {"(#5,#62,#61)", "(#5,#61,#63)", "(#5,#63,#62)", "(#61,#62,#63)"};
  for (int i = 0; i < 4; ++i) {
    const std::string n = std::to_string(70 + i), m = std::to_string(80 + i), f = std::to_string(90 + i);
    text += "#" + n + "=IFCPOLYLOOP(" + loops[i] + ");#" + m + "=IFCFACEOUTERBOUND(#" + n + ",.T.);#" + f +
            "=IFCFACE((#" + m + "));";
  }
  return text + "#55=" + std::string(shell) + "((#90,#91,#92,#93));";
}

TEST(IfcSolid, BoundaryRepresentations) {
  EXPECT_NEAR(read_item(tetrahedron("IFCCLOSEDSHELL") + "#100=IFCFACETEDBREP(#55);").volume(), 1.0 / 6, 1e-12);
  EXPECT_NEAR(read_item(tetrahedron("IFCOPENSHELL") + "#100=IFCSHELLBASEDSURFACEMODEL((#55));").volume(), 1.0 / 6,
              1e-12);
  EXPECT_NEAR(read_item(tetrahedron("IFCCONNECTEDFACESET") + "#100=IFCFACEBASEDSURFACEMODEL((#55));").volume(), 1.0 / 6,
              1e-12);
  const char* points = "#60=IFCCARTESIANPOINTLIST3D(((0.,0.,0.),(1.,0.,0.),(0.,1.,0.),(0.,0.,1.)));";
  EXPECT_NEAR(
      read_item(std::string(points) + "#100=IFCTRIANGULATEDFACESET(#60,$,.T.,((1,3,2),(1,2,4),(1,4,3),(2,3,4)),$);")
          .volume(),
      1.0 / 6, 1e-12);
  // 4.3 states whether it is closed before the normals; faces that look inwards are turned.
  EXPECT_NEAR(
      read_item(std::string(points) + "#100=IFCTRIANGULATEDFACESET(#60,.T.,$,((1,2,3),(1,4,2),(1,3,4),(2,4,3)),$);")
          .volume(),
      1.0 / 6, 1e-12);
  EXPECT_NEAR(read_item(std::string(points) +
                        "#100=IFCPOLYGONALFACESET(#60,.T.,(#91,#92,#93,#94),$);#91=IFCINDEXEDPOLYGONALFACE((1,3,2));"
                        "#92=IFCINDEXEDPOLYGONALFACE((1,2,4));#93=IFCINDEXEDPOLYGONALFACE((1,4,3));#94="
                        "IFCINDEXEDPOLYGONALFACE((2,3,4));")
                  .volume(),
              1.0 / 6, 1e-12);
}

const char* const block_10 =
    "#50=IFCEXTRUDEDAREASOLID(#51,#4,#52,10.);#51=IFCRECTANGLEPROFILEDEF(.AREA.,$,$,10.,10.);#52=IFCDIRECTION((0.,0.,1."
    "));";

TEST(IfcSolid, HalfSpacesClip) {
  // Above z = 4 is cut away; with the flag turned, below.
  const std::string plane = std::string(block_10) +
                            "#60=IFCPLANE(#61);#61=IFCAXIS2PLACEMENT3D(#62,#63,$);#62=IFCCARTESIANPOINT((0.,0.,4.));"
                            "#100=IFCBOOLEANCLIPPINGRESULT(.DIFFERENCE.,#50,#64);";
  EXPECT_NEAR(read_item(plane + "#63=IFCDIRECTION((0.,0.,1.));#64=IFCHALFSPACESOLID(#60,.F.);").volume(), 400, 1e-6);
  EXPECT_NEAR(read_item(plane + "#63=IFCDIRECTION((0.,0.,1.));#64=IFCHALFSPACESOLID(#60,.T.);").volume(), 600, 1e-6);
  // A sloped roof: 45 degrees through the middle of the height at x = 0 cuts off half of what is above -1..
  const Read sloped = read_item(plane + "#63=IFCDIRECTION((1.,0.,1.));#64=IFCHALFSPACESOLID(#60,.F.);");
  // Height below the plane: 4 - x, from 9 down to 0 at x = 4, then nothing: 10 * (integral of 4 - x over -5..4).
  EXPECT_NEAR(sloped.volume(), 10 * 40.5, 1e-6);
  EXPECT_EQ(sloped.shape.faces.size(), 5u);
  // Only within a square of 2 by 2 over the corner.
  EXPECT_NEAR(
      read_item(plane +
                "#63=IFCDIRECTION((0.,0.,1.));#64=IFCPOLYGONALBOUNDEDHALFSPACE(#60,.F.,#4,#65);"
                "#65=IFCPOLYLINE((#66,#67,#68,#69,#66));#66=IFCCARTESIANPOINT((3.,3.));#67=IFCCARTESIANPOINT((6.,3.));"
                "#68=IFCCARTESIANPOINT((6.,6.));#69=IFCCARTESIANPOINT((3.,6.));")
          .volume(),
      1000 - 2 * 2 * 6, 1e-6);
}

TEST(IfcSolid, Booleans) {
  const std::string two =
      std::string(block_10) +
      "#70=IFCBLOCK(#71,4.,4.,20.);#71=IFCAXIS2PLACEMENT3D(#72,$,$);#72=IFCCARTESIANPOINT((-2.,-2.,-5.));";
  const Read hole = read_item(two + "#100=IFCBOOLEANRESULT(.DIFFERENCE.,#50,#70);");
  EXPECT_NEAR(hole.volume(), 1000 - 160, 1e-6);
  EXPECT_EQ(hole.shape.faces.size(), 10u);  // six, two of them with a hole, and four of the hole
  EXPECT_NEAR(read_item(two + "#100=IFCBOOLEANRESULT(.INTERSECTION.,#50,#70);").volume(), 160, 1e-6);
  EXPECT_NEAR(read_item(two + "#100=IFCBOOLEANRESULT(.UNION.,#50,#70);").volume(), 1000 + 160, 1e-6);
  EXPECT_NEAR(read_item(two + "#100=IFCCSGSOLID(#101);#101=IFCBOOLEANRESULT(.DIFFERENCE.,#50,#70);").volume(), 840,
              1e-6);
  // Faces in one plane: a door that stands on the floor and goes through both sides of a wall.
  const std::string door =
      "#50=IFCBLOCK(#4,4.,0.2,3.);#70=IFCBLOCK(#71,1.,0.2,2.);#71=IFCAXIS2PLACEMENT3D(#72,$,$);#72=IFCCARTESIANPOINT(("
      "1.,0.,0.));";
  const Read wall = read_item(door + "#100=IFCBOOLEANRESULT(.DIFFERENCE.,#50,#70);");
  EXPECT_NEAR(wall.volume(), 2.4 - 0.4, 1e-6);
  EXPECT_NEAR(surface_m2(wall.shape), 2 * (12 - 2) + 2 * 3 * 0.2 + 4 * 0.2 + 3 * 0.2 + (2 + 2 + 1) * 0.2, 1e-6);
  EXPECT_NEAR(read_item(door + "#100=IFCBOOLEANRESULT(.UNION.,#50,#70);").volume(), 2.4, 1e-6);
  EXPECT_NEAR(read_item(door + "#100=IFCBOOLEANRESULT(.INTERSECTION.,#50,#70);").volume(), 0.4, 1e-6);
}

TEST(IfcSolid, MappedItemsMoveAndScale) {
  const Read read = read_item(
      "#100=IFCMAPPEDITEM(#60,#61);#60=IFCREPRESENTATIONMAP(#62,#63);#63=IFCSHAPEREPRESENTATION(#3,'Body','CSG',(#64));"
      "#62=IFCAXIS2PLACEMENT3D(#65,$,$);#65=IFCCARTESIANPOINT((1.,0.,0.));#64=IFCBLOCK(#62,1.,1.,1.);"
      "#61=IFCCARTESIANTRANSFORMATIONOPERATOR3D(#66,$,#67,2.,$);#66=IFCDIRECTION((0.,1.,0.));#67=IFCCARTESIANPOINT((10."
      ",0.,0.));");
  EXPECT_EQ(read.error, "");
  EXPECT_NEAR(read.volume(), 8, 1e-9);
  IfcBounds bounds;
  bounds.add(read.shape);
  EXPECT_NEAR(bounds.low.x, 8, 1e-9);  // a quarter turn to the left
  EXPECT_NEAR(bounds.high.y, 2, 1e-9);
  // A mirror keeps the faces outside.
  const Read mirrored = read_item(
      "#100=IFCMAPPEDITEM(#60,#61);#60=IFCREPRESENTATIONMAP(#4,#63);#63=IFCSHAPEREPRESENTATION(#3,'Body','CSG',(#64));"
      "#64=IFCBLOCK(#4,1.,2.,3.);#61=IFCCARTESIANTRANSFORMATIONOPERATOR3D($,#66,#5,1.,$);#66=IFCDIRECTION((0.,-1.,0.))"
      ";");
  EXPECT_NEAR(mirrored.volume(), 6, 1e-9);
}

TEST(IfcSolid, UnitsOfOtherCountries) {
  const Read feet = read_item(
      "#100=IFCBLOCK(#4,1.,1.,1.);",
      "#6=IFCCONVERSIONBASEDUNIT(#10,.LENGTHUNIT.,'FOOT',#11);#10=IFCDIMENSIONALEXPONENTS(1,0,0,0,0,0,0);"
      "#11=IFCMEASUREWITHUNIT(IFCLENGTHMEASURE(12.),#12);#12=IFCCONVERSIONBASEDUNIT(#10,.LENGTHUNIT.,'INCH',#13);"
      "#13=IFCMEASUREWITHUNIT(IFCLENGTHMEASURE(25.4),#14);#14=IFCSIUNIT(*,.LENGTHUNIT.,.MILLI.,.METRE.);");
  EXPECT_NEAR(feet.volume(), 0.3048 * 0.3048 * 0.3048, 1e-12);
}

TEST(IfcSolid, SplinesKeepTheirCourse) {
  // A Bezier arc of degree 2 from (0,0) over (1,2) to (2,0): the area under it is 4/3.
  EXPECT_NEAR(
      prism_volume(
          "#50=IFCARBITRARYCLOSEDPROFILEDEF(.AREA.,$,#60);#60=IFCCOMPOSITECURVE((#61,#62),.F.);"
          "#61=IFCCOMPOSITECURVESEGMENT(.CONTINUOUS.,.T.,#63);#62=IFCCOMPOSITECURVESEGMENT(.CONTINUOUS.,.T.,#64);"
          "#63=IFCBSPLINECURVEWITHKNOTS(2,(#70,#71,#72),.UNSPECIFIED.,.F.,.F.,(3,3),(0.,1.),.UNSPECIFIED.);"
          "#64=IFCPOLYLINE((#72,#70));#70=IFCCARTESIANPOINT((0.,0.));#71=IFCCARTESIANPOINT((1.,2.));#72="
          "IFCCARTESIANPOINT((2.,0.));"),
      4, 0.05);
}

TEST(IfcSolid, HostileItemsEnd) {
  EXPECT_NE(read_item("#100=IFCBOOLEANRESULT(.UNION.,#100,#100);").error, "");
  EXPECT_NE(read_item("#100=IFCCSGSOLID(#101);#101=IFCCSGSOLID(#100);").error, "");
  EXPECT_NE(read_item("#100=IFCMAPPEDITEM(#60,#61);#60=IFCREPRESENTATIONMAP(#4,#63);#63=IFCSHAPEREPRESENTATION(#3,'"
                      "Body','M',(#100,#100));"
                      "#61=IFCCARTESIANTRANSFORMATIONOPERATOR3D($,$,#5,1.,$);")
                .error,
            "");
  EXPECT_NE(read_item("#100=IFCBLOCK(#4,1.,2.,1e300);").error, "");
  EXPECT_NE(read_item("#100=IFCBLOCK(#4,1.,2.,'x');").error, "");
  EXPECT_NE(
      read_item("#100=IFCBLOCK(#60,1.,2.,3.);#60=IFCAXIS2PLACEMENT3D(#61,$,$);#61=IFCCARTESIANPOINT((1.E9,0.,0.));")
          .error,
      "");
  EXPECT_NE(read_item("#100=IFCEXTRUDEDAREASOLID(#100,#4,#51,3.);#51=IFCDIRECTION((0.,0.,1.));").error, "");
  EXPECT_NE(read_item("").error, "");
  // A profile of nothing but itself.
  EXPECT_NE(read_item("#100=IFCEXTRUDEDAREASOLID(#50,#4,#51,3.);#51=IFCDIRECTION((0.,0.,1.));#50="
                      "IFCCOMPOSITEPROFILEDEF(.AREA.,$,(#50,#50),$);")
                .error,
            "");
}

}  // namespace
}  // namespace cityloom::space
