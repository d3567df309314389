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
   646.0,
   418.0
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
      593.0,
      22.0
     ],
     "outlettype": [],
     "text": "nn~ instrument.ts listen: audio in, a signal per stop out: 0..1, how strongly it sounds",
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
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      20.0,
      180.0,
      177.0,
      22.0
     ],
     "outlettype": [
      "signal",
      "signal"
     ],
     "text": "nn~ instrument.ts listen"
    }
   },
   {
    "box": {
     "id": "obj-8",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      330.0,
      50.0,
      22.0
     ],
     "outlettype": [],
     "text": "guitar",
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-9",
     "maxclass": "number~",
     "numinlets": 2,
     "numoutlets": 2,
     "patching_rect": [
      20.0,
      356.0,
      60.0,
      22.0
     ],
     "outlettype": [
      "signal",
      "float"
     ],
     "sig": 0.0
    }
   },
   {
    "box": {
     "id": "obj-10",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      110.0,
      330.0,
      44.0,
      22.0
     ],
     "outlettype": [],
     "text": "voice",
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-11",
     "maxclass": "number~",
     "numinlets": 2,
     "numoutlets": 2,
     "patching_rect": [
      110.0,
      356.0,
      60.0,
      22.0
     ],
     "outlettype": [
      "signal",
      "float"
     ],
     "sig": 0.0
    }
   },
   {
    "box": {
     "id": "obj-12",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      217.0,
      160.0,
      110.0,
      22.0
     ],
     "outlettype": [],
     "text": "in: 1 Channel 1",
     "linecount": 1
    }
   },
   {
    "box": {
     "id": "obj-13",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      217.0,
      186.0,
      157.0,
      22.0
     ],
     "outlettype": [],
     "text": "out: 1 guitar, 2 voice",
     "linecount": 1
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
      "obj-7",
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
      "obj-9",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-7",
      1
     ],
     "destination": [
      "obj-11",
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
