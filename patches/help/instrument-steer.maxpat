{
 "patcher": {
  "fileversion": 1,
  "appversion": {
   "major": 8,
   "minor": 5,
   "revision": 5,
   "architecture": "x64",
   "modernui": 1
  },
  "classnamespace": "box",
  "rect": [
   60.0,
   80.0,
   1740.0,
   625.0
  ],
  "bglocked": 0,
  "openinpresentation": 0,
  "default_fontsize": 12.0,
  "default_fontface": 0,
  "default_fontname": "Arial",
  "gridonopen": 1,
  "gridsize": [
   15.0,
   15.0
  ],
  "gridsnaponopen": 1,
  "objectsnaponopen": 1,
  "statusbarvisible": 2,
  "toolbarvisible": 1,
  "lefttoolbarpinned": 0,
  "toptoolbarpinned": 0,
  "righttoolbarpinned": 0,
  "bottomtoolbarpinned": 0,
  "toolbars_unpinned_last_save": 0,
  "tallnewobj": 0,
  "boxanimatetime": 200,
  "enablehscroll": 1,
  "enablevscroll": 1,
  "devicewidth": 0.0,
  "description": "",
  "digest": "",
  "tags": "",
  "style": "",
  "subpatcher_template": "",
  "assistshowspatchername": 0,
  "boxes": [
   {
    "box": {
     "id": "obj-1",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      8.0,
      479.0,
      22.0
     ],
     "outlettype": [],
     "text": "nn~ instrument.ts steer: latents and a signal per stop in, latents out",
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-2",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      31.0,
      559.0,
      22.0
     ],
     "outlettype": [],
     "text": "Delay: 0 samples of its own + 8128 of nn~'s buffer of 4096 = 8128 samples, 184 ms.",
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-3",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      54.0,
      332.0,
      22.0
     ],
     "outlettype": [],
     "text": "Set the audio to 44100 Hz: nn~ doesn't resample.",
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-4",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      77.0,
      606.0,
      22.0
     ],
     "outlettype": [],
     "text": "Start the program with OMP_NUM_THREADS=1 in its environment: nn~ on every core is slower.",
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-5",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      80.0,
      120.0,
      238.0,
      22.0
     ],
     "outlettype": [],
     "text": "a click turns the sound on and off",
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-6",
     "maxclass": "ezadc~",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      20.0,
      110.0,
      45.0,
      45.0
     ],
     "outlettype": [
      "signal",
      "signal"
     ]
    }
   },
   {
    "box": {
     "id": "obj-7",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      340.0,
      120.0,
      265.0,
      22.0
     ],
     "outlettype": [],
     "text": "Every nn~ box in a row adds its delay.",
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-8",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 128,
     "patching_rect": [
      20.0,
      180.0,
      1280.0,
      22.0
     ],
     "outlettype": [
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal"
     ],
     "text": "nn~ instrument.ts encode"
    }
   },
   {
    "box": {
     "id": "obj-9",
     "maxclass": "newobj",
     "numinlets": 130,
     "numoutlets": 128,
     "patching_rect": [
      20.0,
      360.0,
      1300.0,
      22.0
     ],
     "outlettype": [
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal",
      "signal"
     ],
     "text": "nn~ instrument.ts steer"
    }
   },
   {
    "box": {
     "id": "obj-10",
     "maxclass": "newobj",
     "numinlets": 128,
     "numoutlets": 1,
     "patching_rect": [
      20.0,
      470.0,
      1280.0,
      22.0
     ],
     "outlettype": [
      "signal"
     ],
     "text": "nn~ instrument.ts decode"
    }
   },
   {
    "box": {
     "id": "obj-11",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 2,
     "patching_rect": [
      1360.0,
      280.0,
      100.0,
      22.0
     ],
     "outlettype": [
      "",
      ""
     ],
     "text": "p signals",
     "patcher": {
      "fileversion": 1,
      "appversion": {
       "major": 8,
       "minor": 5,
       "revision": 5,
       "architecture": "x64",
       "modernui": 1
      },
      "classnamespace": "box",
      "rect": [
       60.0,
       80.0,
       394.0,
       290.0
      ],
      "bglocked": 0,
      "openinpresentation": 0,
      "default_fontsize": 12.0,
      "default_fontface": 0,
      "default_fontname": "Arial",
      "gridonopen": 1,
      "gridsize": [
       15.0,
       15.0
      ],
      "gridsnaponopen": 1,
      "objectsnaponopen": 1,
      "statusbarvisible": 2,
      "toolbarvisible": 1,
      "lefttoolbarpinned": 0,
      "toptoolbarpinned": 0,
      "righttoolbarpinned": 0,
      "bottomtoolbarpinned": 0,
      "toolbars_unpinned_last_save": 0,
      "tallnewobj": 0,
      "boxanimatetime": 200,
      "enablehscroll": 1,
      "enablevscroll": 1,
      "devicewidth": 0.0,
      "description": "",
      "digest": "",
      "tags": "",
      "style": "",
      "subpatcher_template": "",
      "assistshowspatchername": 0,
      "boxes": [
       {
        "box": {
         "id": "obj-1",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          140.0,
          83.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0. 20"
        }
       },
       {
        "box": {
         "id": "obj-2",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 2,
         "patching_rect": [
          20.0,
          180.0,
          50.0,
          22.0
         ],
         "outlettype": [
          "signal",
          "bang"
         ],
         "text": "line~"
        }
       },
       {
        "box": {
         "id": "obj-3",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "guitar"
        }
       },
       {
        "box": {
         "id": "obj-4",
         "maxclass": "newobj",
         "numinlets": 3,
         "numoutlets": 3,
         "patching_rect": [
          20.0,
          70.0,
          116.0,
          22.0
         ],
         "outlettype": [
          "",
          "",
          ""
         ],
         "text": "route int float"
        }
       },
       {
        "box": {
         "id": "obj-5",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 1,
         "patching_rect": [
          20.0,
          100.0,
          163.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "if $f1 == $f1 then $f1"
        }
       },
       {
        "box": {
         "id": "obj-6",
         "maxclass": "outlet",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          20.0,
          220.0,
          30.0,
          30.0
         ],
         "outlettype": [],
         "comment": "guitar"
        }
       },
       {
        "box": {
         "id": "obj-7",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 1,
         "patching_rect": [
          207.0,
          140.0,
          83.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "pack 0. 20"
        }
       },
       {
        "box": {
         "id": "obj-8",
         "maxclass": "newobj",
         "numinlets": 2,
         "numoutlets": 2,
         "patching_rect": [
          207.0,
          180.0,
          50.0,
          22.0
         ],
         "outlettype": [
          "signal",
          "bang"
         ],
         "text": "line~"
        }
       },
       {
        "box": {
         "id": "obj-9",
         "maxclass": "inlet",
         "numinlets": 0,
         "numoutlets": 1,
         "patching_rect": [
          207.0,
          20.0,
          30.0,
          30.0
         ],
         "outlettype": [
          ""
         ],
         "comment": "voice"
        }
       },
       {
        "box": {
         "id": "obj-10",
         "maxclass": "newobj",
         "numinlets": 3,
         "numoutlets": 3,
         "patching_rect": [
          207.0,
          70.0,
          116.0,
          22.0
         ],
         "outlettype": [
          "",
          "",
          ""
         ],
         "text": "route int float"
        }
       },
       {
        "box": {
         "id": "obj-11",
         "maxclass": "newobj",
         "numinlets": 1,
         "numoutlets": 1,
         "patching_rect": [
          207.0,
          100.0,
          163.0,
          22.0
         ],
         "outlettype": [
          ""
         ],
         "text": "if $f1 == $f1 then $f1"
        }
       },
       {
        "box": {
         "id": "obj-12",
         "maxclass": "outlet",
         "numinlets": 1,
         "numoutlets": 0,
         "patching_rect": [
          207.0,
          220.0,
          30.0,
          30.0
         ],
         "outlettype": [],
         "comment": "voice"
        }
       }
      ],
      "lines": [
       {
        "patchline": {
         "source": [
          "obj-4",
          0
         ],
         "destination": [
          "obj-5",
          0
         ],
         "order": 0
        }
       },
       {
        "patchline": {
         "source": [
          "obj-4",
          1
         ],
         "destination": [
          "obj-5",
          0
         ],
         "order": 1
        }
       },
       {
        "patchline": {
         "source": [
          "obj-5",
          0
         ],
         "destination": [
          "obj-1",
          0
         ],
         "order": 0
        }
       },
       {
        "patchline": {
         "source": [
          "obj-3",
          0
         ],
         "destination": [
          "obj-4",
          0
         ],
         "order": 0
        }
       },
       {
        "patchline": {
         "source": [
          "obj-1",
          0
         ],
         "destination": [
          "obj-2",
          0
         ],
         "order": 0
        }
       },
       {
        "patchline": {
         "source": [
          "obj-2",
          0
         ],
         "destination": [
          "obj-6",
          0
         ],
         "order": 0
        }
       },
       {
        "patchline": {
         "source": [
          "obj-10",
          0
         ],
         "destination": [
          "obj-11",
          0
         ],
         "order": 0
        }
       },
       {
        "patchline": {
         "source": [
          "obj-10",
          1
         ],
         "destination": [
          "obj-11",
          0
         ],
         "order": 1
        }
       },
       {
        "patchline": {
         "source": [
          "obj-11",
          0
         ],
         "destination": [
          "obj-7",
          0
         ],
         "order": 0
        }
       },
       {
        "patchline": {
         "source": [
          "obj-9",
          0
         ],
         "destination": [
          "obj-10",
          0
         ],
         "order": 0
        }
       },
       {
        "patchline": {
         "source": [
          "obj-7",
          0
         ],
         "destination": [
          "obj-8",
          0
         ],
         "order": 0
        }
       },
       {
        "patchline": {
         "source": [
          "obj-8",
          0
         ],
         "destination": [
          "obj-12",
          0
         ],
         "order": 0
        }
       }
      ],
      "dependency_cache": [],
      "autosave": 0
     }
    }
   },
   {
    "box": {
     "id": "obj-12",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      1360.0,
      220.0,
      44.0,
      48.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "guitar",
       "parameter_shortname": "guitar",
       "parameter_type": 0,
       "parameter_unitstyle": 1,
       "parameter_mmin": -1.0,
       "parameter_mmax": 0.0,
       "parameter_initial": [
        0.0
       ],
       "parameter_initial_enable": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-13",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      1450.0,
      220.0,
      44.0,
      48.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "voice",
       "parameter_shortname": "voice",
       "parameter_type": 0,
       "parameter_unitstyle": 1,
       "parameter_mmin": -1.0,
       "parameter_mmax": 1.0,
       "parameter_initial": [
        0.0
       ],
       "parameter_initial_enable": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-14",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1340.0,
      340.0,
      380.0,
      40.0
     ],
     "outlettype": [],
     "text": "in: Latent dimension 1, Latent dimension 2, ..., guitar, voice (130 from left to right)",
     "linecount": 2
    }
   },
   {
    "box": {
     "id": "obj-15",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1340.0,
      384.0,
      380.0,
      58.0
     ],
     "outlettype": [],
     "text": "out: Latent dimension 1, Latent dimension 2, ..., Latent dimension 127, Latent dimension 128 (128 from left to right)",
     "linecount": 3
    }
   },
   {
    "box": {
     "id": "obj-16",
     "maxclass": "ezdac~",
     "numinlets": 2,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      540.0,
      45.0,
      45.0
     ],
     "outlettype": []
    }
   }
  ],
  "lines": [
   {
    "patchline": {
     "source": [
      "obj-6",
      0
     ],
     "destination": [
      "obj-8",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      0
     ],
     "destination": [
      "obj-9",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      1
     ],
     "destination": [
      "obj-9",
      1
     ],
     "order": 1
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      2
     ],
     "destination": [
      "obj-9",
      2
     ],
     "order": 2
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      3
     ],
     "destination": [
      "obj-9",
      3
     ],
     "order": 3
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      4
     ],
     "destination": [
      "obj-9",
      4
     ],
     "order": 4
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      5
     ],
     "destination": [
      "obj-9",
      5
     ],
     "order": 5
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      6
     ],
     "destination": [
      "obj-9",
      6
     ],
     "order": 6
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      7
     ],
     "destination": [
      "obj-9",
      7
     ],
     "order": 7
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      8
     ],
     "destination": [
      "obj-9",
      8
     ],
     "order": 8
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      9
     ],
     "destination": [
      "obj-9",
      9
     ],
     "order": 9
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      10
     ],
     "destination": [
      "obj-9",
      10
     ],
     "order": 10
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      11
     ],
     "destination": [
      "obj-9",
      11
     ],
     "order": 11
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      12
     ],
     "destination": [
      "obj-9",
      12
     ],
     "order": 12
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      13
     ],
     "destination": [
      "obj-9",
      13
     ],
     "order": 13
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      14
     ],
     "destination": [
      "obj-9",
      14
     ],
     "order": 14
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      15
     ],
     "destination": [
      "obj-9",
      15
     ],
     "order": 15
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      16
     ],
     "destination": [
      "obj-9",
      16
     ],
     "order": 16
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      17
     ],
     "destination": [
      "obj-9",
      17
     ],
     "order": 17
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      18
     ],
     "destination": [
      "obj-9",
      18
     ],
     "order": 18
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      19
     ],
     "destination": [
      "obj-9",
      19
     ],
     "order": 19
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      20
     ],
     "destination": [
      "obj-9",
      20
     ],
     "order": 20
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      21
     ],
     "destination": [
      "obj-9",
      21
     ],
     "order": 21
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      22
     ],
     "destination": [
      "obj-9",
      22
     ],
     "order": 22
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      23
     ],
     "destination": [
      "obj-9",
      23
     ],
     "order": 23
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      24
     ],
     "destination": [
      "obj-9",
      24
     ],
     "order": 24
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      25
     ],
     "destination": [
      "obj-9",
      25
     ],
     "order": 25
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      26
     ],
     "destination": [
      "obj-9",
      26
     ],
     "order": 26
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      27
     ],
     "destination": [
      "obj-9",
      27
     ],
     "order": 27
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      28
     ],
     "destination": [
      "obj-9",
      28
     ],
     "order": 28
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      29
     ],
     "destination": [
      "obj-9",
      29
     ],
     "order": 29
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      30
     ],
     "destination": [
      "obj-9",
      30
     ],
     "order": 30
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      31
     ],
     "destination": [
      "obj-9",
      31
     ],
     "order": 31
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      32
     ],
     "destination": [
      "obj-9",
      32
     ],
     "order": 32
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      33
     ],
     "destination": [
      "obj-9",
      33
     ],
     "order": 33
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      34
     ],
     "destination": [
      "obj-9",
      34
     ],
     "order": 34
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      35
     ],
     "destination": [
      "obj-9",
      35
     ],
     "order": 35
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      36
     ],
     "destination": [
      "obj-9",
      36
     ],
     "order": 36
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      37
     ],
     "destination": [
      "obj-9",
      37
     ],
     "order": 37
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      38
     ],
     "destination": [
      "obj-9",
      38
     ],
     "order": 38
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      39
     ],
     "destination": [
      "obj-9",
      39
     ],
     "order": 39
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      40
     ],
     "destination": [
      "obj-9",
      40
     ],
     "order": 40
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      41
     ],
     "destination": [
      "obj-9",
      41
     ],
     "order": 41
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      42
     ],
     "destination": [
      "obj-9",
      42
     ],
     "order": 42
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      43
     ],
     "destination": [
      "obj-9",
      43
     ],
     "order": 43
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      44
     ],
     "destination": [
      "obj-9",
      44
     ],
     "order": 44
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      45
     ],
     "destination": [
      "obj-9",
      45
     ],
     "order": 45
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      46
     ],
     "destination": [
      "obj-9",
      46
     ],
     "order": 46
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      47
     ],
     "destination": [
      "obj-9",
      47
     ],
     "order": 47
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      48
     ],
     "destination": [
      "obj-9",
      48
     ],
     "order": 48
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      49
     ],
     "destination": [
      "obj-9",
      49
     ],
     "order": 49
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      50
     ],
     "destination": [
      "obj-9",
      50
     ],
     "order": 50
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      51
     ],
     "destination": [
      "obj-9",
      51
     ],
     "order": 51
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      52
     ],
     "destination": [
      "obj-9",
      52
     ],
     "order": 52
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      53
     ],
     "destination": [
      "obj-9",
      53
     ],
     "order": 53
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      54
     ],
     "destination": [
      "obj-9",
      54
     ],
     "order": 54
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      55
     ],
     "destination": [
      "obj-9",
      55
     ],
     "order": 55
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      56
     ],
     "destination": [
      "obj-9",
      56
     ],
     "order": 56
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      57
     ],
     "destination": [
      "obj-9",
      57
     ],
     "order": 57
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      58
     ],
     "destination": [
      "obj-9",
      58
     ],
     "order": 58
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      59
     ],
     "destination": [
      "obj-9",
      59
     ],
     "order": 59
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      60
     ],
     "destination": [
      "obj-9",
      60
     ],
     "order": 60
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      61
     ],
     "destination": [
      "obj-9",
      61
     ],
     "order": 61
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      62
     ],
     "destination": [
      "obj-9",
      62
     ],
     "order": 62
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      63
     ],
     "destination": [
      "obj-9",
      63
     ],
     "order": 63
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      64
     ],
     "destination": [
      "obj-9",
      64
     ],
     "order": 64
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      65
     ],
     "destination": [
      "obj-9",
      65
     ],
     "order": 65
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      66
     ],
     "destination": [
      "obj-9",
      66
     ],
     "order": 66
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      67
     ],
     "destination": [
      "obj-9",
      67
     ],
     "order": 67
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      68
     ],
     "destination": [
      "obj-9",
      68
     ],
     "order": 68
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      69
     ],
     "destination": [
      "obj-9",
      69
     ],
     "order": 69
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      70
     ],
     "destination": [
      "obj-9",
      70
     ],
     "order": 70
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      71
     ],
     "destination": [
      "obj-9",
      71
     ],
     "order": 71
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      72
     ],
     "destination": [
      "obj-9",
      72
     ],
     "order": 72
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      73
     ],
     "destination": [
      "obj-9",
      73
     ],
     "order": 73
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      74
     ],
     "destination": [
      "obj-9",
      74
     ],
     "order": 74
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      75
     ],
     "destination": [
      "obj-9",
      75
     ],
     "order": 75
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      76
     ],
     "destination": [
      "obj-9",
      76
     ],
     "order": 76
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      77
     ],
     "destination": [
      "obj-9",
      77
     ],
     "order": 77
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      78
     ],
     "destination": [
      "obj-9",
      78
     ],
     "order": 78
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      79
     ],
     "destination": [
      "obj-9",
      79
     ],
     "order": 79
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      80
     ],
     "destination": [
      "obj-9",
      80
     ],
     "order": 80
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      81
     ],
     "destination": [
      "obj-9",
      81
     ],
     "order": 81
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      82
     ],
     "destination": [
      "obj-9",
      82
     ],
     "order": 82
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      83
     ],
     "destination": [
      "obj-9",
      83
     ],
     "order": 83
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      84
     ],
     "destination": [
      "obj-9",
      84
     ],
     "order": 84
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      85
     ],
     "destination": [
      "obj-9",
      85
     ],
     "order": 85
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      86
     ],
     "destination": [
      "obj-9",
      86
     ],
     "order": 86
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      87
     ],
     "destination": [
      "obj-9",
      87
     ],
     "order": 87
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      88
     ],
     "destination": [
      "obj-9",
      88
     ],
     "order": 88
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      89
     ],
     "destination": [
      "obj-9",
      89
     ],
     "order": 89
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      90
     ],
     "destination": [
      "obj-9",
      90
     ],
     "order": 90
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      91
     ],
     "destination": [
      "obj-9",
      91
     ],
     "order": 91
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      92
     ],
     "destination": [
      "obj-9",
      92
     ],
     "order": 92
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      93
     ],
     "destination": [
      "obj-9",
      93
     ],
     "order": 93
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      94
     ],
     "destination": [
      "obj-9",
      94
     ],
     "order": 94
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      95
     ],
     "destination": [
      "obj-9",
      95
     ],
     "order": 95
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      96
     ],
     "destination": [
      "obj-9",
      96
     ],
     "order": 96
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      97
     ],
     "destination": [
      "obj-9",
      97
     ],
     "order": 97
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      98
     ],
     "destination": [
      "obj-9",
      98
     ],
     "order": 98
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      99
     ],
     "destination": [
      "obj-9",
      99
     ],
     "order": 99
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      100
     ],
     "destination": [
      "obj-9",
      100
     ],
     "order": 100
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      101
     ],
     "destination": [
      "obj-9",
      101
     ],
     "order": 101
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      102
     ],
     "destination": [
      "obj-9",
      102
     ],
     "order": 102
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      103
     ],
     "destination": [
      "obj-9",
      103
     ],
     "order": 103
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      104
     ],
     "destination": [
      "obj-9",
      104
     ],
     "order": 104
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      105
     ],
     "destination": [
      "obj-9",
      105
     ],
     "order": 105
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      106
     ],
     "destination": [
      "obj-9",
      106
     ],
     "order": 106
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      107
     ],
     "destination": [
      "obj-9",
      107
     ],
     "order": 107
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      108
     ],
     "destination": [
      "obj-9",
      108
     ],
     "order": 108
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      109
     ],
     "destination": [
      "obj-9",
      109
     ],
     "order": 109
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      110
     ],
     "destination": [
      "obj-9",
      110
     ],
     "order": 110
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      111
     ],
     "destination": [
      "obj-9",
      111
     ],
     "order": 111
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      112
     ],
     "destination": [
      "obj-9",
      112
     ],
     "order": 112
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      113
     ],
     "destination": [
      "obj-9",
      113
     ],
     "order": 113
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      114
     ],
     "destination": [
      "obj-9",
      114
     ],
     "order": 114
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      115
     ],
     "destination": [
      "obj-9",
      115
     ],
     "order": 115
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      116
     ],
     "destination": [
      "obj-9",
      116
     ],
     "order": 116
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      117
     ],
     "destination": [
      "obj-9",
      117
     ],
     "order": 117
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      118
     ],
     "destination": [
      "obj-9",
      118
     ],
     "order": 118
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      119
     ],
     "destination": [
      "obj-9",
      119
     ],
     "order": 119
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      120
     ],
     "destination": [
      "obj-9",
      120
     ],
     "order": 120
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      121
     ],
     "destination": [
      "obj-9",
      121
     ],
     "order": 121
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      122
     ],
     "destination": [
      "obj-9",
      122
     ],
     "order": 122
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      123
     ],
     "destination": [
      "obj-9",
      123
     ],
     "order": 123
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      124
     ],
     "destination": [
      "obj-9",
      124
     ],
     "order": 124
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      125
     ],
     "destination": [
      "obj-9",
      125
     ],
     "order": 125
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      126
     ],
     "destination": [
      "obj-9",
      126
     ],
     "order": 126
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      127
     ],
     "destination": [
      "obj-9",
      127
     ],
     "order": 127
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      0
     ],
     "destination": [
      "obj-10",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      1
     ],
     "destination": [
      "obj-10",
      1
     ],
     "order": 1
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      2
     ],
     "destination": [
      "obj-10",
      2
     ],
     "order": 2
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      3
     ],
     "destination": [
      "obj-10",
      3
     ],
     "order": 3
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      4
     ],
     "destination": [
      "obj-10",
      4
     ],
     "order": 4
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      5
     ],
     "destination": [
      "obj-10",
      5
     ],
     "order": 5
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      6
     ],
     "destination": [
      "obj-10",
      6
     ],
     "order": 6
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      7
     ],
     "destination": [
      "obj-10",
      7
     ],
     "order": 7
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      8
     ],
     "destination": [
      "obj-10",
      8
     ],
     "order": 8
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      9
     ],
     "destination": [
      "obj-10",
      9
     ],
     "order": 9
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      10
     ],
     "destination": [
      "obj-10",
      10
     ],
     "order": 10
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      11
     ],
     "destination": [
      "obj-10",
      11
     ],
     "order": 11
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      12
     ],
     "destination": [
      "obj-10",
      12
     ],
     "order": 12
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      13
     ],
     "destination": [
      "obj-10",
      13
     ],
     "order": 13
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      14
     ],
     "destination": [
      "obj-10",
      14
     ],
     "order": 14
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      15
     ],
     "destination": [
      "obj-10",
      15
     ],
     "order": 15
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      16
     ],
     "destination": [
      "obj-10",
      16
     ],
     "order": 16
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      17
     ],
     "destination": [
      "obj-10",
      17
     ],
     "order": 17
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      18
     ],
     "destination": [
      "obj-10",
      18
     ],
     "order": 18
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      19
     ],
     "destination": [
      "obj-10",
      19
     ],
     "order": 19
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      20
     ],
     "destination": [
      "obj-10",
      20
     ],
     "order": 20
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      21
     ],
     "destination": [
      "obj-10",
      21
     ],
     "order": 21
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      22
     ],
     "destination": [
      "obj-10",
      22
     ],
     "order": 22
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      23
     ],
     "destination": [
      "obj-10",
      23
     ],
     "order": 23
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      24
     ],
     "destination": [
      "obj-10",
      24
     ],
     "order": 24
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      25
     ],
     "destination": [
      "obj-10",
      25
     ],
     "order": 25
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      26
     ],
     "destination": [
      "obj-10",
      26
     ],
     "order": 26
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      27
     ],
     "destination": [
      "obj-10",
      27
     ],
     "order": 27
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      28
     ],
     "destination": [
      "obj-10",
      28
     ],
     "order": 28
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      29
     ],
     "destination": [
      "obj-10",
      29
     ],
     "order": 29
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      30
     ],
     "destination": [
      "obj-10",
      30
     ],
     "order": 30
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      31
     ],
     "destination": [
      "obj-10",
      31
     ],
     "order": 31
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      32
     ],
     "destination": [
      "obj-10",
      32
     ],
     "order": 32
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      33
     ],
     "destination": [
      "obj-10",
      33
     ],
     "order": 33
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      34
     ],
     "destination": [
      "obj-10",
      34
     ],
     "order": 34
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      35
     ],
     "destination": [
      "obj-10",
      35
     ],
     "order": 35
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      36
     ],
     "destination": [
      "obj-10",
      36
     ],
     "order": 36
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      37
     ],
     "destination": [
      "obj-10",
      37
     ],
     "order": 37
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      38
     ],
     "destination": [
      "obj-10",
      38
     ],
     "order": 38
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      39
     ],
     "destination": [
      "obj-10",
      39
     ],
     "order": 39
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      40
     ],
     "destination": [
      "obj-10",
      40
     ],
     "order": 40
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      41
     ],
     "destination": [
      "obj-10",
      41
     ],
     "order": 41
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      42
     ],
     "destination": [
      "obj-10",
      42
     ],
     "order": 42
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      43
     ],
     "destination": [
      "obj-10",
      43
     ],
     "order": 43
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      44
     ],
     "destination": [
      "obj-10",
      44
     ],
     "order": 44
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      45
     ],
     "destination": [
      "obj-10",
      45
     ],
     "order": 45
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      46
     ],
     "destination": [
      "obj-10",
      46
     ],
     "order": 46
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      47
     ],
     "destination": [
      "obj-10",
      47
     ],
     "order": 47
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      48
     ],
     "destination": [
      "obj-10",
      48
     ],
     "order": 48
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      49
     ],
     "destination": [
      "obj-10",
      49
     ],
     "order": 49
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      50
     ],
     "destination": [
      "obj-10",
      50
     ],
     "order": 50
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      51
     ],
     "destination": [
      "obj-10",
      51
     ],
     "order": 51
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      52
     ],
     "destination": [
      "obj-10",
      52
     ],
     "order": 52
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      53
     ],
     "destination": [
      "obj-10",
      53
     ],
     "order": 53
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      54
     ],
     "destination": [
      "obj-10",
      54
     ],
     "order": 54
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      55
     ],
     "destination": [
      "obj-10",
      55
     ],
     "order": 55
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      56
     ],
     "destination": [
      "obj-10",
      56
     ],
     "order": 56
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      57
     ],
     "destination": [
      "obj-10",
      57
     ],
     "order": 57
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      58
     ],
     "destination": [
      "obj-10",
      58
     ],
     "order": 58
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      59
     ],
     "destination": [
      "obj-10",
      59
     ],
     "order": 59
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      60
     ],
     "destination": [
      "obj-10",
      60
     ],
     "order": 60
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      61
     ],
     "destination": [
      "obj-10",
      61
     ],
     "order": 61
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      62
     ],
     "destination": [
      "obj-10",
      62
     ],
     "order": 62
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      63
     ],
     "destination": [
      "obj-10",
      63
     ],
     "order": 63
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      64
     ],
     "destination": [
      "obj-10",
      64
     ],
     "order": 64
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      65
     ],
     "destination": [
      "obj-10",
      65
     ],
     "order": 65
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      66
     ],
     "destination": [
      "obj-10",
      66
     ],
     "order": 66
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      67
     ],
     "destination": [
      "obj-10",
      67
     ],
     "order": 67
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      68
     ],
     "destination": [
      "obj-10",
      68
     ],
     "order": 68
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      69
     ],
     "destination": [
      "obj-10",
      69
     ],
     "order": 69
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      70
     ],
     "destination": [
      "obj-10",
      70
     ],
     "order": 70
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      71
     ],
     "destination": [
      "obj-10",
      71
     ],
     "order": 71
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      72
     ],
     "destination": [
      "obj-10",
      72
     ],
     "order": 72
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      73
     ],
     "destination": [
      "obj-10",
      73
     ],
     "order": 73
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      74
     ],
     "destination": [
      "obj-10",
      74
     ],
     "order": 74
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      75
     ],
     "destination": [
      "obj-10",
      75
     ],
     "order": 75
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      76
     ],
     "destination": [
      "obj-10",
      76
     ],
     "order": 76
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      77
     ],
     "destination": [
      "obj-10",
      77
     ],
     "order": 77
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      78
     ],
     "destination": [
      "obj-10",
      78
     ],
     "order": 78
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      79
     ],
     "destination": [
      "obj-10",
      79
     ],
     "order": 79
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      80
     ],
     "destination": [
      "obj-10",
      80
     ],
     "order": 80
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      81
     ],
     "destination": [
      "obj-10",
      81
     ],
     "order": 81
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      82
     ],
     "destination": [
      "obj-10",
      82
     ],
     "order": 82
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      83
     ],
     "destination": [
      "obj-10",
      83
     ],
     "order": 83
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      84
     ],
     "destination": [
      "obj-10",
      84
     ],
     "order": 84
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      85
     ],
     "destination": [
      "obj-10",
      85
     ],
     "order": 85
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      86
     ],
     "destination": [
      "obj-10",
      86
     ],
     "order": 86
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      87
     ],
     "destination": [
      "obj-10",
      87
     ],
     "order": 87
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      88
     ],
     "destination": [
      "obj-10",
      88
     ],
     "order": 88
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      89
     ],
     "destination": [
      "obj-10",
      89
     ],
     "order": 89
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      90
     ],
     "destination": [
      "obj-10",
      90
     ],
     "order": 90
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      91
     ],
     "destination": [
      "obj-10",
      91
     ],
     "order": 91
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      92
     ],
     "destination": [
      "obj-10",
      92
     ],
     "order": 92
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      93
     ],
     "destination": [
      "obj-10",
      93
     ],
     "order": 93
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      94
     ],
     "destination": [
      "obj-10",
      94
     ],
     "order": 94
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      95
     ],
     "destination": [
      "obj-10",
      95
     ],
     "order": 95
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      96
     ],
     "destination": [
      "obj-10",
      96
     ],
     "order": 96
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      97
     ],
     "destination": [
      "obj-10",
      97
     ],
     "order": 97
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      98
     ],
     "destination": [
      "obj-10",
      98
     ],
     "order": 98
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      99
     ],
     "destination": [
      "obj-10",
      99
     ],
     "order": 99
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      100
     ],
     "destination": [
      "obj-10",
      100
     ],
     "order": 100
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      101
     ],
     "destination": [
      "obj-10",
      101
     ],
     "order": 101
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      102
     ],
     "destination": [
      "obj-10",
      102
     ],
     "order": 102
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      103
     ],
     "destination": [
      "obj-10",
      103
     ],
     "order": 103
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      104
     ],
     "destination": [
      "obj-10",
      104
     ],
     "order": 104
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      105
     ],
     "destination": [
      "obj-10",
      105
     ],
     "order": 105
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      106
     ],
     "destination": [
      "obj-10",
      106
     ],
     "order": 106
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      107
     ],
     "destination": [
      "obj-10",
      107
     ],
     "order": 107
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      108
     ],
     "destination": [
      "obj-10",
      108
     ],
     "order": 108
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      109
     ],
     "destination": [
      "obj-10",
      109
     ],
     "order": 109
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      110
     ],
     "destination": [
      "obj-10",
      110
     ],
     "order": 110
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      111
     ],
     "destination": [
      "obj-10",
      111
     ],
     "order": 111
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      112
     ],
     "destination": [
      "obj-10",
      112
     ],
     "order": 112
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      113
     ],
     "destination": [
      "obj-10",
      113
     ],
     "order": 113
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      114
     ],
     "destination": [
      "obj-10",
      114
     ],
     "order": 114
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      115
     ],
     "destination": [
      "obj-10",
      115
     ],
     "order": 115
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      116
     ],
     "destination": [
      "obj-10",
      116
     ],
     "order": 116
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      117
     ],
     "destination": [
      "obj-10",
      117
     ],
     "order": 117
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      118
     ],
     "destination": [
      "obj-10",
      118
     ],
     "order": 118
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      119
     ],
     "destination": [
      "obj-10",
      119
     ],
     "order": 119
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      120
     ],
     "destination": [
      "obj-10",
      120
     ],
     "order": 120
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      121
     ],
     "destination": [
      "obj-10",
      121
     ],
     "order": 121
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      122
     ],
     "destination": [
      "obj-10",
      122
     ],
     "order": 122
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      123
     ],
     "destination": [
      "obj-10",
      123
     ],
     "order": 123
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      124
     ],
     "destination": [
      "obj-10",
      124
     ],
     "order": 124
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      125
     ],
     "destination": [
      "obj-10",
      125
     ],
     "order": 125
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      126
     ],
     "destination": [
      "obj-10",
      126
     ],
     "order": 126
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      127
     ],
     "destination": [
      "obj-10",
      127
     ],
     "order": 127
    }
   },
   {
    "patchline": {
     "source": [
      "obj-12",
      0
     ],
     "destination": [
      "obj-11",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-11",
      0
     ],
     "destination": [
      "obj-9",
      128
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-13",
      0
     ],
     "destination": [
      "obj-11",
      1
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-11",
      1
     ],
     "destination": [
      "obj-9",
      129
     ],
     "order": 1
    }
   },
   {
    "patchline": {
     "source": [
      "obj-10",
      0
     ],
     "destination": [
      "obj-16",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-10",
      0
     ],
     "destination": [
      "obj-16",
      1
     ],
     "order": 1
    }
   }
  ],
  "dependency_cache": [],
  "autosave": 0,
  "parameters": {
   "obj-12": [
    "guitar",
    "guitar",
    0
   ],
   "obj-13": [
    "voice",
    "voice",
    0
   ]
  }
 }
}
